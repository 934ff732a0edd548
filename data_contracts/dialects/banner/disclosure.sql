-- Hand-maintained. Blocks stand in the person's record, holds have dates and a type.
select
    who.student_id,
    coalesce(kind.value, 'TRANSCRIPT_HOLD') as kind,
    oracle_date(h.sprhold_from_date) as valid_from,
    oracle_date(h.sprhold_to_date) as valid_to,
    case when coalesce(kind.value, 'TRANSCRIPT_HOLD') like '%\_HOLD' escape '\'
            then h.sprhold_hldd_code
    end as note_code,
    h._line,
    h._file,
from sprhold as h
join student_of() as who on h.sprhold_pidm = who.pidm
left join setting_holds as kind on h.sprhold_hldd_code = kind.code
where
    kind.code is not null
    or h.sprhold_hldd_code in (
        select stvhldd_code from stvhldd where is_yes(stvhldd_trans_hold_ind)
    )

union all

select
    who.student_id,
    'FERPA_BLOCK' as kind,
    oracle_date(coalesce(p.spbpers_confid_date, p.spbpers_activity_date)) as valid_from,
    null as valid_to,
    null as note_code,
    p._line,
    p._file,
from spbpers as p
join student_of() as who on p.spbpers_pidm = who.pidm
where is_yes(p.spbpers_confid_ind)

union all

select
    who.student_id,
    'DECEASED' as kind,
    oracle_date(coalesce(p.spbpers_dead_date, p.spbpers_activity_date)) as valid_from,
    null as valid_to,
    null as note_code,
    p._line,
    p._file,
from spbpers as p
join student_of() as who on p.spbpers_pidm = who.pidm
where is_yes(p.spbpers_dead_ind)
