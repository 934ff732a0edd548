-- Hand-maintained.
select * from noncredit_completion
