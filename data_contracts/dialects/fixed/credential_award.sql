-- Hand-maintained.
select * from credential_award
