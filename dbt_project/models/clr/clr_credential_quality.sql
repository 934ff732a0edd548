with

    levels as (
        select source_record_key as assertion_id
        from {{ ref("clr_fact_award") }}
        where award_level is not null
        union
        select source_record_key as assertion_id
        from {{ ref("clr_fact_skill") }}
        where "level" is not null
        union
        select source_record_key as assertion_id
        from {{ ref("clr_fact_experience") }}
        where milestone is not null
    ),

    opened as (select distinct assertion_id from {{ ref("clr_evidence") }}),

    aligned as (
        select
            achievement_id,
            bool_or(target_type = 'ceterms:Credential') as is_registered,
        from {{ ref("clr_alignment") }}
        group by achievement_id
    ),

    credentials as (
        select
            assertion.assertion_id,
            assertion.institution_code,
            assertion.kind,
            assertion.achievement_id,
            achievement.criteria_narrative <> '' as has_criteria,
            achievement.description <> '' as has_description,
            aligned.achievement_id is not null as has_alignment,
            coalesce(aligned.is_registered, false) as has_registry_id,
            opened.assertion_id is not null as has_evidence,
            levels.assertion_id is not null as has_level,
            assertion.valid_until is not null as has_validity,
            achievement.achievement_type not like 'ext:%' as has_recognised_type,
        from {{ ref("clr_assertion") }} as assertion
        inner join
            {{ ref("clr_achievement") }} as achievement
            on assertion.achievement_id = achievement.achievement_id
        left join aligned on assertion.achievement_id = aligned.achievement_id
        left join opened on assertion.assertion_id = opened.assertion_id
        left join levels on assertion.assertion_id = levels.assertion_id
        where assertion.status = 'active'
    ),

    checked as (
        select
            credentials.assertion_id,
            credentials.institution_code,
            credentials.kind,
            credentials.achievement_id,
            expected.rule,
            expected.points,
            case
                expected.rule
                {% for rule in [
                    "criteria",
                    "description",
                    "alignment",
                    "registry_id",
                    "evidence",
                    "level",
                    "validity",
                    "recognised_type",
                ] %}
                    when '{{ rule }}' then credentials.has_{{ rule }}
                {% endfor %}
            end as is_met,
        from credentials
        inner join
            {{ ref("clr_credential_quality_rule") }} as expected
            on credentials.kind = any(expected.kinds)
    ),

    counted as (
        select
            assertion_id,
            institution_code,
            kind,
            achievement_id,
            cast(coalesce(sum(points) filter (where is_met), 0) as integer) as points,
            cast(sum(points) as integer) as points_possible,
            {{ collected("case when is_met then null else rule end") }} as missing,
        from checked
        group by assertion_id, institution_code, kind, achievement_id
    )

select
    assertion_id,
    institution_code,
    kind,
    achievement_id,
    points,
    points_possible,
    cast(100.0 * points / points_possible as decimal(4, 1)) as score,
    missing,
from counted
