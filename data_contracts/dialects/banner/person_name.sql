-- Hand-maintained. A row with the change indicator N is a name before; the current row is the
-- legal name, and SPBPERS has the preferred one, where the college wants these in the history
-- too.
select
    coalesce(who.student_id, p.spriden_id) as student_id,
    case
        when p.spriden_change_ind is null then 'LEGAL'
        else coalesce(kind.value, 'FORMER')
    end as name_type,
    p.spriden_last_name as last_name,
    p.spriden_first_name as first_name,
    p.spriden_mi as middle_name,
    coalesce(oracle_date(p.spriden_activity_date), '1900-01-01') as effective_from,
    p._line,
    p._file,
from spriden as p
join student_of() as who on p.spriden_pidm = who.pidm
left join setting_name_types as kind on p.spriden_ntyp_code = kind.code
where
    p.spriden_entity_ind is distinct from 'C'
    and (
        (
            p.spriden_change_ind = 'N'
            and p._line not in (select c._line from change_row as c where c.is_same_name)
        )
        or (
            p._line in (select c._line from current_person() as c)
            and getvariable('current_name_is_sent') = 'Y'
        )
    )

union all

select
    p.spriden_id as student_id,
    'PREFERRED' as name_type,
    p.spriden_last_name as last_name,
    bio.spbpers_pref_first_name as first_name,
    p.spriden_mi as middle_name,
    coalesce(oracle_date(bio.spbpers_activity_date), '1900-01-01') as effective_from,
    bio._line,
    bio._file,
from spbpers as bio
join spriden as p
    on bio.spbpers_pidm = p.spriden_pidm
    and p._line in (select c._line from current_person() as c)
where
    bio.spbpers_pref_first_name is not null
    and getvariable('current_name_is_sent') = 'Y'
