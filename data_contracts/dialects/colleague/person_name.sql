-- Hand-maintained. One position of the NAMEHIST lists is one former, legal or diploma name.
with named as (
    select
        p.*,
        unnest(range(1, len(multi(p.namehist_last_name)) + 1)) as position,
    from person as p
    where p.namehist_last_name is not null and not is_company(p.person_corp_indicator)
)

select
    n.id as student_id,
    coalesce(kind.value, multi(n.namehist_type)[n.position], 'FORMER') as name_type,
    coalesce(multi(n.namehist_last_name)[n.position], n.last_name) as last_name,
    multi(n.namehist_first_name)[n.position] as first_name,
    multi(n.namehist_middle_name)[n.position] as middle_name,
    coalesce(day_of(multi(n.namehist_chgdate)[n.position]), '1900-01-01')
        as effective_from,
    n._line,
    n._file,
from named as n
left join setting_name_types as kind on multi(n.namehist_type)[n.position] = kind.code
