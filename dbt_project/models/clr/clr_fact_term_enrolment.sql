with

    summaries as (
        select
            summary.*,
            {{
                record_id(
                    "term_enrollment",
                    [
                        "summary.institution_code",
                        "summary.student_id",
                        "summary.term_code",
                        'summary."level"',
                    ],
                )
            }} as source_record_key,
            person.learner_id,
            term.term_id,
            term.end_date,
        from {{ ref("stg_term_enrollment") }} as summary
        left join
            {{ ref("idn_college_student") }} as person
            on summary.institution_code = person.institution_code
            and summary.student_id = person.student_id
        left join
            {{ ref("clr_term") }} as term
            on summary.institution_code = term.institution_code
            and summary.term_code = term.term_code
    ),

    -- by learner, since two ids of one learner at a college share the average's
    -- definition
    latest as (
        select
            max_by(
                source_record_key,
                {{ sortable("end_date") }} || term_code || ' ' || student_id
            ) as source_record_key,
        from summaries
        where cum_gpa is not null
        group by coalesce(learner_id, student_id), institution_code, "level"
    )

select
    summaries.source_record_key,
    summaries.learner_id,
    summaries.institution_code,
    summaries.term_id,
    {{
        record_id(
            "standing achievement",
            ["summaries.institution_code", 'summaries."level"'],
        )
    }} as achievement_id,
    summaries."level",
    summaries.student_type,
    summaries.dual_enrollment = 'Y' as is_dual_enrolment,
    summaries.attempted,
    summaries.earned,
    summaries.gpa_credits,
    summaries.quality_points,
    summaries.term_gpa,
    summaries.cum_gpa,
    summaries.academic_standing,
    summaries.credit_unit,
    latest.source_record_key is not null as is_latest,
    {{ lineage("summaries") }}
from summaries
left join latest using (source_record_key)
