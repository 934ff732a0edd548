{%- set rules = {
    "person_without_learner": "error",
    "link_to_unknown_learner": "error",
    "assertion_without_achievement": "error",
    "credential_id_of_two_learners": "error",
    "person_held": "warn",
    "record_without_learner": "warn",
    "badge_of_two_learners": "warn",
    "experience_unlisted": "warn",
    "experience_outside_dates": "warn",
    "experience_undecided": "warn",
    "dual_without_high_school": "warn",
    "high_school_code_not_ceeb": "warn",
    "dual_without_graduation_year": "warn",
    "dual_after_graduation": "warn",
    "dual_told_by_one_feed": "warn",
} -%}

with

    findings as (
        {% for rule in [
            "quality_orphan_link",
            "quality_assertion_without_achievement",
            "quality_shared_credential",
            "quality_experience_category",
            "quality_high_school",
        ] %}
            select institution_code, finding, found
            from {{ ref(rule) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    rules(finding, severity) as (
        values
            {% for finding, severity in rules.items() -%}
                ('{{ finding }}', '{{ severity }}'){{ "," if not loop.last }}
            {% endfor %}
    ),

    -- agencies send packages too, and are no institution
    colleges as (
        select distinct institution_code
        from {{ ref("stg_package") }}
        inner join {{ ref("institution") }} using (institution_code)
    )

select
    colleges.institution_code,
    rules.finding,
    rules.severity,
    coalesce(findings.found, 0) as found,
    case
        when coalesce(findings.found, 0) = 0 then 'pass' else rules.severity
    end as verdict,
from colleges
cross join rules
left join findings using (institution_code, finding)
