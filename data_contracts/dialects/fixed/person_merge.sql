-- Hand-maintained.
select * from person_merge
