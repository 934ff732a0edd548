-- Hand-maintained.
select * from term_enrollment
