{%- set rounds = 4 -%}
{%- set rule = "sender_code, rule_id, rule_version, alternative, given_by" -%}
{%- set whole = "target_code, target_counts_in, learner_id, " ~ rule -%}

with

    places as (
        select
            *,
            row_number() over (
                partition by {{ whole }}, member_seq
                order by
                    grade_points desc nulls last,
                    earned_credit desc,
                    start_date desc nulls last,
                    source_record_key asc
            ) as place,
        from {{ ref("mob_match") }}
        where members > 1 and is_in_force and is_grade_met
    ),

    picked as (
        select
            places.*,
            coalesce(single.credits, places.common_credits, 0) as credits_alone,
        from places
        left join
            {{ ref("mob_single") }} as single
            on places.target_code = single.target_code
            and places.target_counts_in = single.target_counts_in
            and places.source_record_key = single.source_record_key
        where places.place = places.place_among_same
    ),

    complete as (
        select
            {{ whole }},
            max(members) as members,
            min(least_specific) as least_specific,
            bool_or(is_system_wide) as is_system_wide,
            max(total_credits) - sum(credits_alone) as gain,
        from picked
        group by {{ whole }}
        having
            count(*) = max(members) and count(distinct source_record_key) = max(members)
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by target_code, target_counts_in, learner_id
                order by
                    gain desc,
                    members asc,
                    least_specific asc,
                    is_system_wide asc,
                    rule_id asc,
                    rule_version asc,
                    alternative asc,
                    sender_code asc,
                    given_by asc
            ) as choice,
        from complete
        where gain > 0
    ),

    left_1 as (
        select
            picked.target_code,
            picked.target_counts_in,
            picked.learner_id,
            picked.sender_code,
            picked.rule_id,
            picked.rule_version,
            picked.alternative,
            picked.given_by,
            picked.member_seq,
            picked.source_record_key,
            ranked.members,
            ranked.gain,
            ranked.choice,
        from ranked
        inner join picked using ({{ whole }})
    ),

    {% for round in range(1, rounds + 1) %}
        firsts_{{ round }} as (
            select
                *,
                min(choice) over (
                    partition by target_code, target_counts_in, source_record_key
                ) as first_choice,
            from left_{{ round }}
        ),

        given_{{ round }} as (
            select target_code, target_counts_in, learner_id, choice
            from firsts_{{ round }}
            group by all
            having max(choice - first_choice) = 0
        ),

        {% if not loop.last %}
            taken_{{ round }} as (
                select target_code, target_counts_in, learner_id, source_record_key
                from left_{{ round }}
                inner join
                    given_{{ round }} using (
                        target_code, target_counts_in, learner_id, choice
                    )
            ),

            used_{{ round }} as (
                select distinct target_code, target_counts_in, learner_id, choice
                from left_{{ round }}
                inner join
                    taken_{{ round }} using (
                        target_code, target_counts_in, learner_id, source_record_key
                    )
            ),

            left_{{ round + 1 }} as (
                select left_{{ round }}.*
                from left_{{ round }}
                anti join
                    used_{{ round }} using (
                        target_code, target_counts_in, learner_id, choice
                    )
            ),
        {% endif %}
    {% endfor %}

    given as (
        {% for round in range(1, rounds + 1) %}
            select * from given_{{ round }} {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    left_1.* exclude (choice),
    row_number() over (
        partition by target_code, target_counts_in, learner_id, left_1.choice
        order by left_1.member_seq
    ) as place,
    min(left_1.source_record_key) over (
        partition by target_code, target_counts_in, learner_id, left_1.choice
    ) as yield_group,
from left_1
inner join given using (target_code, target_counts_in, learner_id, choice)
