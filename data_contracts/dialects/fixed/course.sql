-- Hand-maintained.
select * from course
