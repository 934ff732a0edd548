-- Hand-maintained. STC.VERIFIED.GRADE is the id of a row of GRADES, not a letter. A row without
-- a section is history.
with placed as (
    select
        scs.student_course_sec_id,
        any_value(sec.sec_synonym) as synonym,
        any_value(sec.sec_term) as term,
        any_value(newest(sec.sec_instr_methods)) as method,
        any_value(scs.scs_pass_audit) as pass_audit,
        any_value(scs.scs_last_attend_date) as last_attend_date,
    from student_course_sec as scs
    join course_sections as sec on scs.scs_course_section = sec.course_sections_id
    group by scs.student_course_sec_id
),

graded as (
    select
        stc.*,
        placed.synonym,
        placed.term,
        placed.method,
        placed.pass_audit,
        placed.last_attend_date,
        stc_action(stc.stc_status) as action,
        grade.grd_grade as grade,
        coalesce(stc.stc_grade_scheme, grade.grd_grade_scheme) as scheme,
        outcome.value in ('INCOMPLETE', 'IN_PROGRESS') as is_open,
    from student_acad_cred as stc
    left join placed on stc.stc_student_course_sec = placed.student_course_sec_id
    left join
        (select * from grades qualify row_number() over (partition by grades_id) = 1)
        as grade
        on stc.stc_verified_grade = grade.grades_id
    left join setting_grade_outcomes as outcome on grade.grd_grade = outcome.code
    where
        not is_transfer(stc.stc_status)
        and stc_action(stc.stc_status) is distinct from '5'
        and (stc.stc_term is not null or placed.synonym is not null)
        -- A pointer that leads nowhere leaves no row to guess at.
        and (
            stc.stc_student_course_sec is null
            or placed.student_course_sec_id is not null
        )
        and (stc.stc_verified_grade is null or grade.grades_id is not null)
)

select
    g.stc_person_id as student_id,
    coalesce(g.stc_term, g.term) as term_code,
    coalesce(g.synonym, 'HIST-' || g.student_acad_cred_id) as section_id,
    '1' as attempt_seq,
    subject_of(g.stc_course_name) as subject,
    number_after(g.stc_course_name) as course_number,
    g.stc_title as title,
    coalesce(level.value, g.stc_acad_level, 'UG') as level,
    case
        when g.action in ('1', '2') and g.pass_audit = 'A' then 'AUDIT'
        when g.action in ('1', '2') and g.grade is not null and g.is_open is not true
            then 'COMPLETED'
        when g.action in ('1', '2') then 'ENROLLED'
        when g.action = '4' or (g.action = '3' and g.grade is not null)
            then 'WITHDRAWN'
        when g.action = '3' then 'DROPPED_NO_RECORD'
        when g.action = '6' then 'CANCELLED'
        else newest(g.stc_status)
    end as registration_status,
    day_of(newest(g.stc_status_date)) as status_date,
    coalesce(unit.value, g.stc_cred_type, 'SH') as credit_unit,
    number_of(g.stc_cred) as attempted_credit,
    case when g.grade is not null then number_of(g.stc_cmpl_cred) end as earned_credit,
    case
        when g.grade is not null then number_of(g.stc_altcum_contrib_gpa_cred)
    end as gpa_credit,
    case
        when g.grade is not null then number_of(g.stc_altcum_contrib_grade_pts)
    end as quality_points,
    number_of(g.x_stc_clock_sched) as clock_hours_scheduled,
    number_of(g.x_stc_clock_att) as clock_hours_attended,
    case
        when g.pass_audit = 'A' then 'AUDIT'
        when g.pass_audit = 'P' then 'PASS_FAIL'
        else coalesce(mode.value, g.scheme, 'STANDARD')
    end as grade_mode,
    g.grade as grade_local,
    case when g.grade is null then '0' else '1' end as grade_seq,
    day_of(g.stc_verified_grade_date) as grade_posted_on,
    day_of(g.stc_grade_expire_date) as incomplete_expires_on,
    case when g.stc_repl_code is not null then 'EXCLUDE' end as repeat_code,
    day_of(g.last_attend_date) as last_attendance_date,
    case
        when g.stc_acad_level in (select code from setting_dual_levels) then 'Y'
        else 'N'
    end as dual_enrollment,
    coalesce(way.value, g.method) as delivery,
    day_of(g.stc_start_date) as start_date,
    day_of(g.stc_end_date) as end_date,
    g._line,
    g._file,
from graded as g
left join setting_acad_levels as level on g.stc_acad_level = level.code
left join setting_credit_types as unit on g.stc_cred_type = unit.code
left join setting_grade_schemes as mode on g.scheme = mode.code
left join setting_instruction_methods as way on g.method = way.code
