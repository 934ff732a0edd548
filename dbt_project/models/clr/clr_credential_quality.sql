{%- set rules = {
    "criteria": "achievement.criteria_narrative <> ''",
    "description": "achievement.description <> ''",
    "alignment": "aligned.achievement_id is not null",
    "registry_id": "aligned.is_registered",
    "evidence": "opened.assertion_id is not null",
    "level": "levels.assertion_id is not null",
    "validity": "assertion.valid_until is not null",
    "recognised_type": "achievement.achievement_type not like 'ext:%'",
} -%}

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
            concat(
                {% for condition in rules.values() %}
                    case when {{ condition }} then '1' else '0' end
                    {{ "," if not loop.last }}
                {% endfor %}
            ) as met,
        from {{ ref("clr_assertion") }} as assertion
        inner join
            {{ ref("clr_achievement") }} as achievement
            on assertion.achievement_id = achievement.achievement_id
        left join aligned on assertion.achievement_id = aligned.achievement_id
        left join opened on assertion.assertion_id = opened.assertion_id
        left join levels on assertion.assertion_id = levels.assertion_id
        where assertion.status = 'active'
    ),

    -- Millions of credentials meet the rules in some dozens of ways: judged once each.
    ways as (select distinct kind, met from credentials),

    checked as (
        select
            ways.kind,
            ways.met,
            expected.rule,
            expected.points,
            case
                expected.rule
                {% for rule in rules %}
                    when '{{ rule }}'
                    then substring(ways.met, {{ loop.index }}, 1) = '1'
                {% endfor %}
            end as is_met,
        from ways
        inner join
            {{ ref("clr_credential_quality_rule") }} as expected
            on ways.kind = any(expected.kinds)
    ),

    counted as (
        select
            kind,
            met,
            cast(coalesce(sum(points) filter (where is_met), 0) as integer) as points,
            cast(sum(points) as integer) as points_possible,
            {{ collected("case when is_met then null else rule end") }} as missing,
        from checked
        group by kind, met
    )

select
    credentials.assertion_id,
    credentials.institution_code,
    credentials.kind,
    credentials.achievement_id,
    counted.points,
    counted.points_possible,
    cast(100.0 * counted.points / counted.points_possible as decimal(4, 1)) as score,
    counted.missing,
from credentials
inner join counted on credentials.kind = counted.kind and credentials.met = counted.met
