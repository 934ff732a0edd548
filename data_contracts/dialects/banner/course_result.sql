-- Hand-maintained. Academic history, with the newest grade and the first level of each course;
-- and registrations that are not in history yet. Until the grade roll is done a course is in
-- both tables, and counts once.
with taken as (
    select
        n.*,
        starting(n.shrtckn_term_code) as starts,
        coalesce(n.shrtckn_crn, 'HIST-' || n.shrtckn_seq_no) as section_id,
        row_number() over (
            partition by
                n.shrtckn_pidm,
                n.shrtckn_term_code,
                coalesce(n.shrtckn_crn, 'HIST-' || n.shrtckn_seq_no)
            order by number_in(n.shrtckn_seq_no), n._line
        ) as attempt_seq,
    from shrtckn as n
),

graded as (
    select
        n.*,
        k.* exclude (_file, _line),
        outcome.value as outcome,
        is_yes(m.shrgrde_completed_ind) as is_earned,
        is_yes(m.shrgrde_gpa_ind)
        and n.shrtckn_repeat_course_ind is distinct from 'E' as is_averaged,
        coalesce(hours(m.shrgrde_quality_points), 0) as points,
    from taken as n
    join
        final_grade() as k
        on n.shrtckn_pidm = k.shrtckg_pidm
        and n.shrtckn_term_code = k.shrtckg_term_code
        and n.shrtckn_seq_no = k.shrtckg_tckn_seq_no
    asof left join grade_meaning as m
        on
            k.shrtckg_gmod_code = m.shrgrde_gmod_code
            and k.shrtckg_grde_code_final = m.shrgrde_code
            and n.starts >= m.starts
    left join setting_grade_outcomes as outcome
        on k.shrtckg_grde_code_final = outcome.code
)

select
    who.student_id,
    g.shrtckn_term_code as term_code,
    g.section_id,
    g.attempt_seq::varchar as attempt_seq,
    g.shrtckn_subj_code as subject,
    g.shrtckn_crse_numb as course_number,
    g.shrtckn_crse_title as title,
    coalesce(level.value, l.shrtckl_levl_code, s.levl_code) as level,
    case
        when coalesce(r.is_withdrawn, false) or g.outcome = 'WITHDRAW' then 'WITHDRAWN'
        when mode.value = 'AUDIT' then 'AUDIT'
        when g.outcome = 'INCOMPLETE' then 'ENROLLED'
        else 'COMPLETED'
    end as registration_status,
    oracle_date(coalesce(r.sfrstcr_rsts_date, g.shrtckn_activity_date)) as status_date,
    unit_of(g.shrtckn_unit) as credit_unit,
    plain_number(coalesce(g.shrtckg_hours_attempted, g.shrtckg_credit_hours))
        as attempted_credit,
    (case when g.is_earned then hours(g.shrtckg_credit_hours) else 0 end)::varchar
        as earned_credit,
    (case when g.is_averaged then hours(g.shrtckg_credit_hours) else 0 end)::varchar
        as gpa_credit,
    (
        case
            when g.is_averaged then round(hours(g.shrtckg_credit_hours) * g.points, 3)
            else 0
        end
    )::varchar as quality_points,
    plain_number(g.shrtckn_clock_sched) as clock_hours_scheduled,
    plain_number(g.shrtckn_clock_att) as clock_hours_attended,
    coalesce(mode.value, g.shrtckg_gmod_code) as grade_mode,
    g.shrtckg_grde_code_final as grade_local,
    g.shrtckg_seq_no as grade_seq,
    oracle_date(g.shrtckg_final_grde_chg_date) as grade_posted_on,
    g.shrtckg_gchg_code as grade_change_code,
    oracle_date(g.shrtckg_incomplete_ext_date) as incomplete_expires_on,
    coalesce(repeated.value, g.shrtckn_repeat_course_ind, 'COUNT') as repeat_code,
    oracle_date(coalesce(r.sfrstcr_last_attend, g.shrtckn_last_attend))
        as last_attendance_date,
    is_dual(level.value, s.styp_code) as dual_enrollment,
    c.delivery,
    oracle_date(g.shrtckn_ptrm_start_date) as start_date,
    oracle_date(g.shrtckn_ptrm_end_date) as end_date,
    g._line,
    g._file,
from graded as g
join student_of() as who on g.shrtckn_pidm = who.pidm
left join
    first_level() as l
    on g.shrtckn_pidm = l.shrtckl_pidm
    and g.shrtckn_term_code = l.shrtckl_term_code
    and g.shrtckn_seq_no = l.shrtckl_tckn_seq_no
left join
    registration as r
    on g.shrtckn_pidm = r.sfrstcr_pidm
    and g.shrtckn_term_code = r.sfrstcr_term_code
    and g.shrtckn_crn = r.sfrstcr_crn
left join
    class as c
    on g.shrtckn_term_code = c.ssbsect_term_code and g.shrtckn_crn = c.ssbsect_crn
left join standing as s on g.shrtckn_pidm = s.pidm and g.shrtckn_term_code = s.term
left join setting_levels as level on l.shrtckl_levl_code = level.code
left join setting_grade_modes as mode on g.shrtckg_gmod_code = mode.code
left join setting_repeat_codes as repeated on g.shrtckn_repeat_course_ind = repeated.code

union all

select
    who.student_id,
    r.sfrstcr_term_code as term_code,
    r.sfrstcr_crn as section_id,
    '1' as attempt_seq,
    c.ssbsect_subj_code as subject,
    c.ssbsect_crse_numb as course_number,
    coalesce(c.ssbsect_crse_title, c.scbcrse_title) as title,
    coalesce(level.value, r.sfrstcr_levl_code) as level,
    case
        when r.is_waiting then 'WAITLISTED'
        when r.is_withdrawn then 'WITHDRAWN'
        when c.ssbsect_ssts_code is distinct from 'A' then 'CANCELLED'
        when mode.value = 'AUDIT' then 'AUDIT'
        else 'ENROLLED'
    end as registration_status,
    oracle_date(r.sfrstcr_rsts_date) as status_date,
    unit_of(r.sfrstcr_unit) as credit_unit,
    plain_number(r.sfrstcr_credit_hr) as attempted_credit,
    null as earned_credit,
    null as gpa_credit,
    null as quality_points,
    plain_number(r.sfrstcr_clock_sched) as clock_hours_scheduled,
    plain_number(r.sfrstcr_clock_att) as clock_hours_attended,
    coalesce(mode.value, r.sfrstcr_gmod_code) as grade_mode,
    null as grade_local,
    '0' as grade_seq,
    null as grade_posted_on,
    null as grade_change_code,
    null as incomplete_expires_on,
    'COUNT' as repeat_code,
    oracle_date(r.sfrstcr_last_attend) as last_attendance_date,
    is_dual(level.value, s.styp_code) as dual_enrollment,
    c.delivery,
    oracle_date(c.ssbsect_ptrm_start_date) as start_date,
    oracle_date(c.ssbsect_ptrm_end_date) as end_date,
    r._line,
    r._file,
from registration as r
join student_of() as who on r.sfrstcr_pidm = who.pidm
join
    class as c
    on r.sfrstcr_term_code = c.ssbsect_term_code and r.sfrstcr_crn = c.ssbsect_crn
left join standing as s on r.sfrstcr_pidm = s.pidm and r.sfrstcr_term_code = s.term
left join setting_levels as level on r.sfrstcr_levl_code = level.code
left join setting_grade_modes as mode on r.sfrstcr_gmod_code = mode.code
where
    (r.is_enrolled or r.is_withdrawn or r.is_waiting)
    and not exists (
        select 1 from shrtckn as n
        where
            n.shrtckn_pidm = r.sfrstcr_pidm
            and n.shrtckn_term_code = r.sfrstcr_term_code
            and n.shrtckn_crn = r.sfrstcr_crn
    )
