{%- set staged = {
    "stg_person": {"persons": "1"},
    "stg_course_result": {
        "course_results": "1",
        "attempted_credit": "attempted_credit",
        "earned_credit": "earned_credit",
        "gpa_credit": "gpa_credit",
        "quality_points": "quality_points",
        "clock_hours_attended": "clock_hours_attended",
        "grades": "cast(grade_local is not null as int)",
    },
    "stg_term_enrollment": {
        "term_enrollments": "1",
        "term_attempted": "attempted",
        "term_earned": "earned",
    },
    "stg_program_enrollment": {"program_enrollments": "1"},
    "stg_transfer_credit": {
        "transfer_rows": "1",
        "transfer_accepted": "cast(decision = 'ACCEPTED' as int)",
        "transfer_rejected": "cast(decision = 'REJECTED' as int)",
        "transfer_pending": "cast(decision = 'PENDING' as int)",
        "transfer_accepted_credit": "accepted_credit",
        "transfer_applied_credit": "applied_credit",
    },
    "stg_credential_award": {
        "awards_awarded": "cast(status <> 'REVOKED' as int)",
        "awards_revoked": "cast(status = 'REVOKED' as int)",
    },
    "stg_noncredit_completion": {
        "noncredit_rows": "1",
        "noncredit_completed": "cast(outcome = 'COMPLETED' as int)",
        "contact_hours": "contact_hours",
        "ceu": "ceu",
        "industry_credentials": "cast(industry_credential is not null "
        ~ "and industry_credential_earned_on is not null as int)",
    },
    "stg_experience": {"experiences": "1", "experience_hours": '"hours"'},
    "stg_skill_assertion": {"skill_assertions": "1"},
    "stg_badge": {"badges": "1"},
    "stg_enrollment_elsewhere": {"enrolments_elsewhere": "1"},
    "stg_award_elsewhere": {"awards_elsewhere": "1"},
} -%}
{%- set facts = {
    "clr_fact_section_enrolment": {
        "course_results": "1",
        "attempted_credit": "attempted_credit",
        "earned_credit": "earned_credit",
        "gpa_credit": "gpa_credit",
        "quality_points": "quality_points",
        "clock_hours_attended": "clock_hours_attended",
        "grades": "cast(grade is not null as int)",
    },
    "clr_fact_term_enrolment": {
        "term_enrollments": "1",
        "term_attempted": "attempted",
        "term_earned": "earned",
    },
    "clr_fact_program_enrolment": {"program_enrollments": "1"},
    "clr_fact_transfer_credit": {
        "transfer_rows": "1",
        "transfer_accepted": "cast(decision = 'ACCEPTED' as int)",
        "transfer_rejected": "cast(decision = 'REJECTED' as int)",
        "transfer_pending": "cast(decision = 'PENDING' as int)",
        "transfer_accepted_credit": "accepted_credit",
        "transfer_applied_credit": "applied_credit",
    },
    "clr_fact_award": {
        "awards_awarded": "cast(status <> 'REVOKED' as int)",
        "awards_revoked": "cast(status = 'REVOKED' as int)",
    },
    "clr_fact_noncredit": {
        "noncredit_rows": "1",
        "noncredit_completed": "cast(outcome = 'COMPLETED' as int)",
        "contact_hours": "contact_hours",
        "ceu": "ceu",
        "industry_credentials": "cast(certification_achievement_id is not null as int)",
    },
    "clr_fact_experience": {
        "experiences": "cast(origin= 'experience' as int)",
        "experience_hours": '"hours"',
    },
    "clr_fact_skill": {"skill_assertions": "1"},
    "clr_fact_badge": {"badges": "1"},
    "clr_fact_enrolment_elsewhere": {"enrolments_elsewhere": "1"},
    "clr_fact_award_elsewhere": {"awards_elsewhere": "1"},
} -%}
{%- set of_kind = "cast(kind = '%s' as int)" -%}
{%- set credentials = {
    "course_results": of_kind % "course",
    "earned_credit": "case when kind = 'course' then credits_earned end",
    "grades": "cast(kind = 'course' and grade is not null as int)",
    "transfer_rows": of_kind % "transfer",
    "transfer_accepted": "cast(kind = 'transfer' and is_accepted as int)",
    "transfer_accepted_credit": "case when kind = 'transfer' then credits_earned end",
    "awards_awarded": "cast(kind = 'award' and not is_revoked as int)",
    "awards_revoked": "cast(kind = 'award' and is_revoked as int)",
    "noncredit_rows": of_kind % "noncredit",
    "noncredit_completed": "cast(kind = 'noncredit' and is_completed as int)",
    "contact_hours": "case when kind = 'noncredit' then cast(hours as decimal(18, 3)) end",
    "industry_credentials": of_kind % "certification",
    "experiences": of_kind % "experience",
    "skill_assertions": of_kind % "skill",
    "badges": of_kind % "badge",
} -%}

with

    people as (
        select person.institution_code, student.learner_id
        from {{ ref("stg_person") }} as person
        left join
            {{ ref("idn_college_student") }} as student
            on person.institution_code = student.institution_code
            and person.student_id = student.student_id
    ),

    credentials as (
        select
            assertion.institution_code,
            assertion.kind,
            assertion.status,
            assertion.credits_earned,
            coalesce(assertion.status_reason = 'REVOKED', false) as is_revoked,
            coalesce(assertion.status_reason, 'COMPLETED') not in (
                'NOT_COMPLETED', 'IN_PROGRESS', 'CANCELLED', 'REFUNDED'
            ) as is_completed,
            coalesce(
                assertion.status_reason not in ('REJECTED', 'PENDING'), true
            ) as is_accepted,
            grade.value as grade,
            hours.value as hours,
        from {{ ref("clr_assertion") }} as assertion
        left join
            {{ ref("clr_result") }} as grade
            on assertion.assertion_id = grade.assertion_id
            and assertion.kind = 'course'
            and grade.kind = 'grade'
        left join
            {{ ref("clr_result") }} as hours
            on assertion.assertion_id = hours.assertion_id
            and assertion.kind = 'noncredit'
            and hours.kind = 'hours'
    ),

    staged as (
        {% for model, measures in staged.items() %}
            {{ totals(ref(model), measures) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    facts as (
        {{ totals("people", {"persons": "1"}, "unlinked", "learner_id is null") }}
        {% for model, measures in facts.items() %}
            union all
            {{ totals(ref(model), measures, "unlinked", "learner_id is null") }}
        {% endfor %}
    ),

    assertions as ({{ totals("credentials", credentials, "held", "status = 'held'") }})

select
    institution_code,
    measure,
    coalesce(staged.total, 0) as staged,
    coalesce(facts.total, 0) as facts,
    case
        when measure in ('{{ credentials.keys() | join("', '") }}')
        then coalesce(assertions.total, 0)
    end as assertions,
    coalesce(facts.unlinked, 0) as unlinked,
    assertions.held,
from staged
full join facts using (institution_code, measure)
left join assertions using (institution_code, measure)
