-- Hand-maintained.
select * from transfer_credit
