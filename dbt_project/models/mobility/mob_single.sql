with

    common as (
        select
            target_code,
            target_counts_in,
            source_record_key,
            coalesce(
                {{ semester_hours("earned_credit", "credit_unit") }}, earned_credit
            ) as credits,
        from {{ ref("mob_record") }}
        where
            bar is null
            and common_course_id is not null
            and counts_in = target_counts_in
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by target_code, target_counts_in, source_record_key
                order by
                    total_credits desc,
                    least_specific,
                    is_system_wide,
                    rule_id,
                    rule_version,
                    alternative,
                    member_seq,
                    sender_code
            ) as place,
        from {{ ref("mob_match") }}
        where members = 1 and is_in_force and is_grade_met
    ),

    ruled as (select * from ranked where place = 1),

    compared as (
        select
            coalesce(common.target_code, ruled.target_code) as target_code,
            coalesce(
                common.target_counts_in, ruled.target_counts_in
            ) as target_counts_in,
            coalesce(
                common.source_record_key, ruled.source_record_key
            ) as source_record_key,
            common.source_record_key is not null
            and coalesce(
                ruled.total_credits < common.credits
                or (ruled.total_credits = common.credits and ruled.least_specific > 0),
                true
            ) as is_common_number,
            common.credits as common_credits,
            ruled.total_credits,
            ruled.sender_code,
            ruled.rule_id,
            ruled.rule_version,
            ruled.alternative,
            ruled.given_by,
        from common
        full join
            ruled
            on common.target_code = ruled.target_code
            and common.target_counts_in = ruled.target_counts_in
            and common.source_record_key = ruled.source_record_key
    )

select
    target_code,
    target_counts_in,
    source_record_key,
    is_common_number,
    case when is_common_number then common_credits else total_credits end as credits,
    {% for column in [
        "sender_code",
        "rule_id",
        "rule_version",
        "alternative",
        "given_by",
    ] %}
        case when not is_common_number then {{ column }} end as {{ column }},
    {% endfor %}
from compared
