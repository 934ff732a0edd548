-- Hand-maintained.
select * from section
