-- Hand-maintained.
select * from term
