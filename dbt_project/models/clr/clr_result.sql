{#
    Of each fact: the kind of result, what it is worth (JSON number text where it is a number, as
    JSON-LD processors print it) and where there is one. A status stands only where a reader would
    otherwise take the course for completed.
#}
{%- set values = [
    ("clr_fact_section_enrolment", "grade", "grade", "grade is not null"),
    (
        "clr_fact_section_enrolment",
        "hours",
        json_number("clock_hours_attended"),
        "clock_hours_attended is not null",
    ),
    ("clr_fact_transfer_credit", "grade", "'TR'", "decision = 'ACCEPTED'"),
    (
        "clr_fact_award",
        "gpa",
        grade_average("gpa_at_award"),
        "gpa_at_award is not null",
    ),
    (
        "clr_fact_noncredit",
        "hours",
        json_number("contact_hours"),
        "contact_hours is not null",
    ),
    ("clr_fact_noncredit", "ceu", json_number("ceu"), "ceu is not null"),
    (
        "clr_fact_experience",
        "hours",
        json_number('"hours"'),
        '"hours" is not null',
    ),
    ("clr_fact_skill", "level", '"level"', '"level" is not null'),
    ("clr_fact_skill", "score", json_number("score"), "score is not null"),
] -%}

with

    as_of as (
        select cast(max(as_of) at time zone 'UTC' as date) as today
        from {{ ref("stg_package") }}
    ),

    valued as (
        {% for fact, kind, value, condition in values %}
            select
                learner_id,
                source_record_key as assertion_id,
                achievement_id,
                '{{ kind }}' as kind,
                {{ value }} as value,
            from {{ ref(fact) }}
            where {{ condition }}
            union all
        {% endfor %}
        select
            learner_id,
            {{ record_id("standing", ["source_record_key"]) }} as assertion_id,
            achievement_id,
            'gpa' as kind,
            {{ grade_average("cum_gpa") }} as value,
        from {{ ref("clr_fact_term_enrolment") }}
        where is_latest
    ),

    statuses as (
        select
            enrolment.learner_id,
            enrolment.source_record_key as assertion_id,
            enrolment.achievement_id,
            'status' as kind,
            case
                when enrolment.status = 'withdrew'
                then 'Withdrew'
                when enrolment.status = 'failed'
                then 'Failed'
                when enrolment.status = 'incomplete'
                then 'OnHold'
                when enrolment.start_date > as_of.today
                then 'Enrolled'
                else 'InProgress'
            end as status,
        from {{ ref("clr_fact_section_enrolment") }} as enrolment
        cross join as_of
        where enrolment.status in ('withdrew', 'failed', 'incomplete', 'in_progress')
    ),

    results as (
        select learner_id, assertion_id, achievement_id, kind, value, null as status,
        from valued
        union all
        select learner_id, assertion_id, achievement_id, kind, null as value, status,
        from statuses
    )

select
    results.learner_id,
    results.assertion_id,
    description.result_description_id,
    results.kind,
    results.value,
    results.status,
from results
inner join
    {{ ref("clr_result_description") }} as description using (achievement_id, kind)
