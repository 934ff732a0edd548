-- Hand-maintained.
select
    d.dupl_old_id as from_student_id,
    d.dupl_new_id as to_student_id,
    coalesce(action.value, d.dupl_action, 'MERGED_INTO') as kind,
    day_of(d.dupl_date) as merged_on,
    d.dupl_reason as reason,
    d._line,
    d._file,
from duplicate_log as d
left join setting_merge_actions as action on d.dupl_action = action.code
