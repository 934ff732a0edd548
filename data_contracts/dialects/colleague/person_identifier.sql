-- Hand-maintained. SSN is one field, the other ids a list with their types beside it.
with alternate as (
    select
        p.id,
        p.person_add_date,
        p._line,
        p._file,
        unnest(multi(p.person_alt_ids)) as alt_id,
        unnest(multi(p.person_alt_id_types)) as alt_type,
    from person as p
    where not is_company(p.person_corp_indicator)
)

select
    p.id as student_id,
    ssn_type(replace(p.ssn, '-', '')) as id_type,
    replace(p.ssn, '-', '') as id_value,
    null as issuer,
    'Y' as is_current,
    day_of(p.person_add_date) as valid_from,
    p._line,
    p._file,
from person as p
where p.ssn is not null and not is_company(p.person_corp_indicator)
union all by name
select
    a.id as student_id,
    coalesce(t.id_type, 'OTHER') as id_type,
    a.alt_id as id_value,
    coalesce(t.issuer, case when t.code is null then a.alt_type end) as issuer,
    coalesce(t.is_current, 'Y') as is_current,
    day_of(a.person_add_date) as valid_from,
    a._line,
    a._file,
from alternate as a
left join setting_alt_id_types as t on a.alt_type = t.code
where a.alt_id is not null
