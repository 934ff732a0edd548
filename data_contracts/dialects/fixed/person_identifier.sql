-- Hand-maintained.
select * from person_identifier
