-- Hand-maintained.
select *
from person
where
    student_id is null
    or student_id not in (
        select id_value
        from person_identifier
        where id_type in ('SSN', 'ITIN') and id_value is not null
    )
