with taken as (
    select
        *,
        pesc_term(designator, suffix, session_name, term_code) as term,
        pesc_mode(grade_mode, status, credit_basis, credit_units, scale_code) as mode
    from course
    where
        pesc_is_taught(school_name, ipeds, opeid, local_id, credit_basis, source_type)
        and pesc_counts(school_level, credit_basis, status)
        and coalesce(designator, term_code) is not null
),

-- A transcript has no sections; its rows are numbered as they stand in the document.
numbered as (
    select
        *,
        row_number() over (
            partition by _file, student_id, term, section_id is null
            order by _line
        ) as place
    from taken
)

select
    student_id,
    term as term_code,
    coalesce(section_id, 'HIST-' || place) as section_id,
    coalesce(attempt_seq, '1') as attempt_seq,
    subject,
    course_number,
    title,
    pesc_level(credit_level) as level,
    coalesce(
        registration_status,
        (select m.value from setting_status as m where m.code = status),
        case when grade is null then 'ENROLLED' else 'COMPLETED' end
    ) as registration_status,
    coalesce(status_date, drop_date, add_date) as status_date,
    pesc_unit(credit_units) as credit_unit,
    case when mode = 'AUDIT' then '0' else credit_value end as attempted_credit,
    case when grade is null then credit_earned else coalesce(credit_earned, '0') end
        as earned_credit,
    case
        when gpa_credit is not null then gpa_credit
        when grade is null then null
        when gpa_applicability = 'NotApplicable' then '0'
        when gpa_applicability is not null then credit_value
    end as gpa_credit,
    points as quality_points,
    hours_scheduled as clock_hours_scheduled,
    hours_attended as clock_hours_attended,
    mode as grade_mode,
    grade as grade_local,
    coalesce(grade_seq, case when grade is null then '0' else '1' end) as grade_seq,
    case
        when grade is not null
            then coalesce(grade_posted_on, drop_date, end_date, session_end)
    end as grade_posted_on,
    grade_change_code,
    incomplete_expires_on,
    (select m.value from setting_repeat_code as m where m.code = repeat_code) as repeat_code,
    last_attendance as last_attendance_date,
    coalesce(
        dual_enrollment,
        case
            when credit_basis = 'HighSchoolDualCredit' or pesc_level(credit_level) = 'DE'
                then 'Y'
            else 'N'
        end
    ) as dual_enrollment,
    coalesce(
        delivery, (select m.value from setting_delivery as m where m.code = site)
    ) as delivery,
    coalesce(begin_date, session_begin) as start_date,
    coalesce(end_date, session_end) as end_date,
    updated_at as record_updated_at,
    _file,
    _line
from numbered
