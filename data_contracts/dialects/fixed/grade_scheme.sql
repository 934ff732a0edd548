-- Hand-maintained.
select * from grade_scheme
