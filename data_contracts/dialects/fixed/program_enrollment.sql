-- Hand-maintained.
select * from program_enrollment
