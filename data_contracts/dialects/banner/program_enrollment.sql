-- Hand-maintained. The newest row of each curriculum; where there is none, the rows of SGBSTDN
-- that begin a programme, each until the next.
with study as (
    select *
    from sorlfos
    where sorlfos_lfst_code = 'CONCENTRATION'
    qualify
        row_number() over (
            partition by sorlfos_pidm, sorlfos_lcur_seqno order by _line desc
        )
        = 1
)

select
    who.student_id,
    c.sorlcur_program as program_code,
    c.sorlcur_term_code as start_term,
    c.sorlcur_term_code_end as end_term,
    coalesce(state.value, c.sorlcur_cact_code) as status,
    coalesce(level.value, c.sorlcur_levl_code) as level,
    c.sorlcur_term_code_ctlg as catalog_term,
    study.sorlfos_majr_code as concentration,
    c.sorlcur_term_code_grad as expected_grad_term,
    c._line,
    c._file,
from newest_curriculum() as c
join student_of() as who on c.sorlcur_pidm = who.pidm
left join study
    on c.sorlcur_pidm = study.sorlfos_pidm and c.sorlcur_seqno = study.sorlfos_lcur_seqno
left join setting_curriculum_activities as state on c.sorlcur_cact_code = state.code
left join setting_levels as level on c.sorlcur_levl_code = level.code

union all

select
    who.student_id,
    s.sgbstdn_program_1 as program_code,
    s.sgbstdn_term_code_eff as start_term,
    case when s.next_starts is not null then term_before(s.next_starts) end as end_term,
    case
        when s.next_starts is not null then 'CHANGED'
        else coalesce(state.value, 'INACTIVE')
    end as status,
    coalesce(level.value, s.sgbstdn_levl_code, 'UG') as level,
    s.sgbstdn_term_code_ctlg_1 as catalog_term,
    null as concentration,
    null as expected_grad_term,
    s._line,
    s._file,
from program_spell as s
join student_of() as who on s.sgbstdn_pidm = who.pidm
left join setting_student_states as state on s.sgbstdn_stst_code = state.code
left join setting_levels as level on s.sgbstdn_levl_code = level.code
where s.sgbstdn_program_1 is not null
