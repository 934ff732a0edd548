-- Hand-maintained.
select * from course_result
