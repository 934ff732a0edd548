with

    results as (select * from {{ ref("stg_course_result") }}),

    dated_grades as (
        select
            scheme.institution_code,
            scheme.grade_mode,
            scheme.grade_local,
            scheme.outcome,
            scheme.grade_points,
            coalesce(term.start_date, date '1900-01-01') as effective_from,
            scheme.valid_from_term,
        from {{ ref("stg_grade_scheme") }} as scheme
        left join
            {{ ref("stg_term") }} as term
            on scheme.institution_code = term.institution_code
            and scheme.valid_from_term = term.term_code
    ),

    grades as (
        select
            *,
            lead(effective_from, 1, date '9999-12-31') over (
                partition by institution_code, grade_mode, grade_local
                order by effective_from, valid_from_term
            ) as effective_to,
        from dated_grades
    ),

    joined as (
        select
            results.*,
            person.learner_id,
            term.term_id,
            course.course_id,
            grades.outcome as grade_outcome,
            grades.grade_points,
            coalesce(results.start_date, term.start_date) as first_day,
            coalesce(results.end_date, term.end_date) as last_day,
        from results
        left join
            {{ ref("idn_college_student") }} as person
            on results.institution_code = person.institution_code
            and results.student_id = person.student_id
        left join
            {{ ref("clr_term") }} as term
            on results.institution_code = term.institution_code
            and results.term_code = term.term_code
        left join
            {{ ref("clr_course") }} as course
            on results.institution_code = course.institution_code
            and results.subject = course.subject
            and results.course_number = course.course_number
            and term.start_date >= course.effective_from
            and term.start_date < course.effective_to
        left join
            grades
            on results.institution_code = grades.institution_code
            and results.grade_mode = grades.grade_mode
            and results.grade_local = grades.grade_local
            and term.start_date >= grades.effective_from
            and term.start_date < grades.effective_to
    )

select
    {{
        record_id(
            "course_result",
            [
                "institution_code",
                "student_id",
                "term_code",
                "section_id",
                "attempt_seq",
            ],
        )
    }} as source_record_key,
    learner_id,
    institution_code,
    term_id,
    course_id,
    {{
        record_id(
            "course achievement",
            ["institution_code", "subject", "course_number", "title", "course_id"],
        )
    }} as achievement_id,
    section_id,
    subject,
    course_number,
    title,
    "level",
    case
        when registration_status in ('DROPPED_NO_RECORD', 'CANCELLED', 'WAITLISTED')
        then 'not_recorded'
        when registration_status = 'WITHDRAWN' or grade_outcome = 'WITHDRAW'
        then 'withdrew'
        when grade_local is null or grade_outcome = 'IN_PROGRESS'
        then 'in_progress'
        when registration_status = 'AUDIT' or grade_outcome = 'AUDIT'
        then 'audited'
        when grade_outcome in ('PASS', 'CREDIT_BY_EXAM')
        then 'completed'
        when grade_outcome = 'FAIL'
        then 'failed'
        when grade_outcome = 'INCOMPLETE'
        then 'incomplete'
        else 'ungraded'
    end as status,
    registration_status,
    status_date,
    credit_unit,
    attempted_credit,
    earned_credit,
    gpa_credit,
    quality_points,
    clock_hours_scheduled,
    clock_hours_attended,
    grade_mode,
    grade_local as grade,
    case when grade_local is not null then grade_outcome end as grade_outcome,
    case when grade_local is not null then grade_points end as grade_points,
    grade_posted_on,
    repeat_code,
    dual_enrollment = 'Y' as is_dual_enrolment,
    delivery,
    first_day as start_date,
    last_day as end_date,
    {{ lineage() }}
from joined
