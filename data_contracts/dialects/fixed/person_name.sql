-- Hand-maintained.
select * from person_name
