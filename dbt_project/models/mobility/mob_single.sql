with

    ranked as (
        select
            *,
            row_number() over (
                partition by target_code, target_counts_in, source_record_key
                order by
                    total_credits desc,
                    least_specific asc,
                    is_system_wide asc,
                    rule_id asc,
                    rule_version asc,
                    alternative asc,
                    member_seq asc,
                    sender_code asc
            ) as place,
        from {{ ref("mob_match") }}
        where members = 1 and is_in_force and is_grade_met
    )

select
    target_code,
    target_counts_in,
    source_record_key,
    total_credits as credits,
    sender_code,
    rule_id,
    rule_version,
    alternative,
    given_by,
from ranked
where
    place = 1
    and coalesce(
        total_credits > common_credits
        or (total_credits = common_credits and least_specific = 0),
        true
    )
