with

    course_values as (
        select
            learner_id,
            source_record_key as assertion_id,
            achievement_id,
            'grade' as kind,
            grade as value,
            cast(null as varchar) as status,
        from {{ ref("clr_fact_section_enrolment") }}
        where grade is not null
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'status',
            null,
            case
                when status = 'withdrew'
                then 'Withdrew'
                when status = 'failed'
                then 'Failed'
                when status = 'incomplete'
                then 'OnHold'
                when start_date > as_of.today
                then 'Enrolled'
                else 'InProgress'
            end,
        from {{ ref("clr_fact_section_enrolment") }}
        cross join
            (
                select cast(max(as_of) at time zone 'UTC' as date) as today
                from {{ ref("stg_package") }}
            ) as as_of
        where status in ('withdrew', 'failed', 'incomplete', 'in_progress')
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'hours',
            {{ json_number("clock_hours_attended") }},
            null,
        from {{ ref("clr_fact_section_enrolment") }}
        where clock_hours_attended is not null
    ),

    other_values as (
        select
            learner_id,
            source_record_key as assertion_id,
            achievement_id,
            'grade' as kind,
            'TR' as value,
        from {{ ref("clr_fact_transfer_credit") }}
        where decision = 'ACCEPTED'
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'gpa',
            {{ json_number("gpa_at_award") }},
        from {{ ref("clr_fact_award") }}
        where gpa_at_award is not null
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'hours',
            {{ json_number("contact_hours") }},
        from {{ ref("clr_fact_noncredit") }}
        where contact_hours is not null
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'ceu',
            {{ json_number("ceu") }},
        from {{ ref("clr_fact_noncredit") }}
        where ceu is not null
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'hours',
            {{ json_number('"hours"') }},
        from {{ ref("clr_fact_experience") }}
        where "hours" is not null
        union all
        select learner_id, source_record_key, achievement_id, 'level', "level",
        from {{ ref("clr_fact_skill") }}
        where "level" is not null
        union all
        select
            learner_id,
            source_record_key,
            achievement_id,
            'score',
            {{ json_number("score") }},
        from {{ ref("clr_fact_skill") }}
        where score is not null
        union all
        select
            learner_id,
            {{ record_id("standing", ["source_record_key"]) }},
            achievement_id,
            'gpa',
            {{ json_number("cum_gpa") }},
        from {{ ref("clr_fact_term_enrolment") }}
        where is_latest
    ),

    all_values as (
        select *
        from course_values
        union all by name
        select *
        from other_values
    )

select
    all_values.learner_id,
    all_values.assertion_id,
    description.result_description_id,
    all_values.kind,
    all_values.value,
    all_values.status,
from all_values
inner join
    {{ ref("clr_result_description") }} as description using (achievement_id, kind)
