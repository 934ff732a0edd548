with

    dated as (
        select
            course.*,
            {{
                record_id(
                    "course",
                    [
                        "course.institution_code",
                        "course.subject",
                        "course.course_number",
                        "course.valid_from_term",
                    ],
                )
            }} as course_id,
            coalesce(term.start_date, date '1900-01-01') as effective_from,
        from {{ ref("stg_course") }} as course
        left join
            {{ ref("stg_term") }} as term
            on course.institution_code = term.institution_code
            and course.valid_from_term = term.term_code
    )

select
    course_id,
    institution_code,
    subject,
    course_number,
    valid_from_term,
    valid_to_term,
    effective_from,
    lead(effective_from, 1, date '9999-12-31') over (
        partition by institution_code, subject, course_number
        order by effective_from, valid_from_term
    ) as effective_to,
    title,
    credit_unit,
    credit_min,
    credit_max,
    clock_hours,
    cip_code,
    common_course_id,
    statewide_area,
    transfer_code,
    developmental = 'Y' as is_developmental,
    is_closed,
    _as_of as recorded_at,
from dated
