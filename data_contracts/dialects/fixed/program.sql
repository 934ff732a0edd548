-- Hand-maintained.
select * from program
