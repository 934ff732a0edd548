-- Hand-maintained.
select * from disclosure
