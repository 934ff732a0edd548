with

    held as (
        select
            learner_id,
            institution_code,
            counts_in,
            {% for origin in ["earned", "accepted", "in_progress"] %}
                sum({{ origin }}_credit) as {{ origin }}_credit,
            {% endfor %}
        from {{ ref("mob_area_credit") }}
        group by learner_id, institution_code, counts_in
    ),

    in_series as (
        select
            learner_id, institution_code, counts_in, cip_series, sum(credit) as credit,
        from {{ ref("mob_held_credit") }}
        where origin <> 'in_progress'
        group by learner_id, institution_code, counts_in, cip_series
    ),

    awards as (
        select
            learner_id,
            institution_code,
            program_code,
            max(award_level in ('3', '5')) as is_degree,
        from {{ ref("clr_fact_award") }}
        where learner_id is not null and status <> 'REVOKED'
        group by learner_id, institution_code, program_code
    ),

    graduates as (
        select learner_id
        from awards
        where is_degree
        union
        select learner_id
        from {{ ref("clr_fact_award_elsewhere") }}
        where learner_id is not null
    ),

    -- there still, or only a summer ago, when the clearinghouse was last asked
    moved as (
        select learner_id, min(enrolment_begin) as at_four_year_since,
        from {{ ref("clr_fact_enrolment_elsewhere") }}
        where
            learner_id is not null
            and college_level = '4_YEAR'
            and enrolment_end >= searched_on - interval '180' day
        group by learner_id
    ),

    measured as (
        select
            declared.learner_id,
            declared.institution_code,
            declared.program_code,
            declared.program_id,
            program.title,
            program.award_level,
            declared.status,
            awards.program_code is not null as is_awarded,
            {{ counted_in("program.credit_unit") }} as credit_unit,
            {{ counted_credit("program.required_credits", "program.credit_unit") }}
            as required_credit,
            {% for origin in ["earned", "accepted", "in_progress"] %}
                cast(
                    coalesce(held.{{ origin }}_credit, 0) as decimal(9, 3)
                ) as {{ origin }}_credit,
            {% endfor %}
            cast(coalesce(in_series.credit, 0) as decimal(9, 3)) as field_credit,
            moved.at_four_year_since,
            graduates.learner_id is not null as has_degree,
        from {{ ref("mob_declared") }} as declared
        left join
            {{ ref("clr_program") }} as program
            on declared.program_id = program.program_id
        left join
            held
            on declared.learner_id = held.learner_id
            and declared.institution_code = held.institution_code
            and {{ counted_in("program.credit_unit") }} = held.counts_in
        left join
            in_series
            on declared.learner_id = in_series.learner_id
            and declared.institution_code = in_series.institution_code
            and {{ counted_in("program.credit_unit") }} = in_series.counts_in
            and substr(program.cip_code, 1, 5) = in_series.cip_series
        left join
            awards
            on declared.learner_id = awards.learner_id
            and declared.institution_code = awards.institution_code
            and declared.program_code = awards.program_code
        left join moved on declared.learner_id = moved.learner_id
        left join graduates on declared.learner_id = graduates.learner_id
    ),

    today as (select max(asked_on) as asked_on from {{ ref("clr_transfer_target") }}),

    stack as (
        select stack.*
        from {{ ref("clr_program_stack") }} as stack
        cross join today
        where
            stack.effective_from <= today.asked_on
            and stack.effective_to > today.asked_on
    ),

    -- a shorter award inside the programme whose credit is there, the largest first
    inside as (
        select
            measured.learner_id,
            measured.institution_code,
            measured.program_code,
            stack.inner_program_code,
            rules.rule,
            rules.place as rule_place,
            row_number() over (
                partition by
                    measured.learner_id,
                    measured.institution_code,
                    measured.program_code
                order by stack.inner_required_credit desc, stack.inner_program_code asc
            ) as place,
        from measured
        inner join
            stack
            on measured.institution_code = stack.institution_code
            and measured.program_code = stack.outer_program_code
            and measured.credit_unit = stack.credit_unit
        inner join
            {{ ref("progress_rule") }} as rules
            on rules.minimum_share_in_field is not null
            and measured.earned_credit + measured.accepted_credit
            >= stack.inner_required_credit * rules.minimum_share
            and measured.earned_credit
            >= stack.inner_required_credit * rules.minimum_share_here
            and measured.field_credit
            >= stack.inner_required_credit * rules.minimum_share_in_field
        anti join
            {{ ref("mob_declared") }} as declared
            on measured.learner_id = declared.learner_id
            and measured.institution_code = declared.institution_code
            and stack.inner_program_code = declared.program_code
        anti join
            awards
            on measured.learner_id = awards.learner_id
            and measured.institution_code = awards.institution_code
            and stack.inner_program_code = awards.program_code
        where not measured.is_awarded
    ),

    -- the shortest of those that are longer
    above as (
        select
            institution_code,
            inner_program_code,
            outer_program_code,
            outer_required_credit,
            row_number() over (
                partition by institution_code, inner_program_code
                order by outer_required_credit asc, outer_program_code asc
            ) as place,
        from stack
    ),

    placed as (
        select
            measured.learner_id,
            measured.institution_code,
            measured.program_code,
            rules.rule,
            rules.place as rule_place,
        from measured
        inner join
            {{ ref("progress_rule") }} as rules
            on coalesce(
                measured.earned_credit + measured.accepted_credit
                >= measured.required_credit * rules.minimum_share
                and measured.earned_credit
                >= measured.required_credit * rules.minimum_share_here,
                measured.earned_credit >= rules.minimum_credit_here
                and measured.credit_unit = 'SH'
                and measured.award_level = '3'
                and measured.at_four_year_since is not null
                and not measured.has_degree
            )
        where
            rules.minimum_share_in_field is null
            and not measured.is_awarded
            and measured.required_credit > 0
        union all
        select learner_id, institution_code, program_code, rule, rule_place,
        from inside
        where place = 1
    ),

    named as (
        select
            *,
            row_number() over (
                partition by learner_id, institution_code, program_code
                order by rule_place
            ) as place,
        from placed
    )

select
    measured.learner_id,
    measured.institution_code,
    measured.program_code,
    measured.program_id,
    measured.title,
    measured.award_level,
    measured.status,
    measured.is_awarded,
    measured.credit_unit,
    measured.required_credit,
    measured.earned_credit,
    measured.accepted_credit,
    measured.in_progress_credit,
    measured.field_credit,
    cast(
        case
            when
                measured.required_credit
                > measured.earned_credit + measured.accepted_credit
            then
                measured.required_credit
                - measured.earned_credit
                - measured.accepted_credit
            when measured.required_credit is not null
            then 0
        end as decimal(9, 3)
    ) as remaining_credit,
    measured.at_four_year_since,
    named.rule,
    inside.inner_program_code,
    above.outer_program_code as next_program_code,
    cast(
        case
            when
                above.outer_required_credit
                > measured.earned_credit + measured.accepted_credit
            then
                above.outer_required_credit
                - measured.earned_credit
                - measured.accepted_credit
            when above.outer_required_credit is not null
            then 0
        end as decimal(9, 3)
    ) as next_remaining_credit,
from measured
left join
    named
    on measured.learner_id = named.learner_id
    and measured.institution_code = named.institution_code
    and measured.program_code = named.program_code
    and named.place = 1
left join
    inside
    on measured.learner_id = inside.learner_id
    and measured.institution_code = inside.institution_code
    and measured.program_code = inside.program_code
    and inside.place = 1
left join
    above
    on measured.institution_code = above.institution_code
    and measured.program_code = above.inner_program_code
    and above.place = 1
