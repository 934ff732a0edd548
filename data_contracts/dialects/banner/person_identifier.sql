-- Hand-maintained. SPBPERS_SSN holds whatever somebody typed there, so its digits decide.
select
    s.spriden_id as student_id,
    'SOURCE_PK' as id_type,
    s.spriden_pidm as id_value,
    null as issuer,
    'Y' as is_current,
    oracle_date(coalesce(s.spriden_create_date, s.spriden_activity_date)) as valid_from,
    s._line,
    s._file,
from spriden as s
where s._line in (select c._line from current_person() as c)

union all

select
    c.student_id,
    'OLD_STUDENT_ID' as id_type,
    c.spriden_id as id_value,
    null as issuer,
    'N' as is_current,
    oracle_date(c.spriden_activity_date) as valid_from,
    c._line,
    c._file,
from change_row as c
where c.spriden_change_ind = 'I'

union all

select
    who.student_id,
    ssn_type(digits_of(p.spbpers_ssn)) as id_type,
    digits_of(p.spbpers_ssn) as id_value,
    null as issuer,
    'Y' as is_current,
    oracle_date(p.spbpers_activity_date) as valid_from,
    p._line,
    p._file,
from spbpers as p
join student_of() as who on p.spbpers_pidm = who.pidm
where p.spbpers_ssn is not null

union all

select
    who.student_id,
    kind.id_type,
    g.goradid_additional_id as id_value,
    kind.issuer,
    case kind.id_type when 'OLD_STUDENT_ID' then 'N' else 'Y' end as is_current,
    oracle_date(g.goradid_activity_date) as valid_from,
    g._line,
    g._file,
from goradid as g
join student_of() as who on g.goradid_pidm = who.pidm
join setting_additional_ids as kind on g.goradid_adid_code = kind.code
