-- Hand-maintained. The college's own merge log; and old ids that were another PIDM's.
select
    g.gzbmerg_from_id as from_student_id,
    g.gzbmerg_to_id as to_student_id,
    coalesce(kind.value, g.gzbmerg_kind) as kind,
    oracle_date(g.gzbmerg_date) as merged_on,
    g.gzbmerg_reason as reason,
    g._line,
    g._file,
from gzbmerg as g
left join setting_merge_kinds as kind on g.gzbmerg_kind = kind.code

union all

select
    c.spriden_id as from_student_id,
    c.student_id as to_student_id,
    'MERGED_INTO' as kind,
    oracle_date(c.spriden_activity_date) as merged_on,
    null as reason,
    c._line,
    c._file,
from change_row as c
where
    c.spriden_change_ind = 'I'
    and c.spriden_id is distinct from c.student_id
    and exists (
        select 1 from spriden as other
        where other.spriden_id = c.spriden_id and other.spriden_pidm <> c.spriden_pidm
    )
    and not exists (
        select 1 from gzbmerg as g
        where g.gzbmerg_from_id = c.spriden_id and g.gzbmerg_to_id = c.student_id
    )
