with

    programs as (
        select
            *,
            {{ counted_in("credit_unit") }} as counts_in,
            {{ counted_credit("required_credits", "credit_unit") }} as required_credit,
        from {{ ref("clr_program") }}
        where not is_closed and required_credits > 0
    ),

    paired as (
        select
            inner_program.institution_code,
            inner_program.program_id as inner_program_id,
            outer_program.program_id as outer_program_id,
            inner_program.program_code as inner_program_code,
            inner_program.title as inner_title,
            inner_program.award_level as inner_award_level,
            inner_program.required_credit as inner_required_credit,
            outer_program.program_code as outer_program_code,
            outer_program.title as outer_title,
            outer_program.award_level as outer_award_level,
            outer_program.required_credit as outer_required_credit,
            inner_program.counts_in as credit_unit,
            inner_program.cip_code,
            greatest(
                inner_program.effective_from,
                outer_program.effective_from,
                coalesce(rules.valid_from, date '1900-01-01')
            ) as effective_from,
            least(
                inner_program.effective_to,
                outer_program.effective_to,
                coalesce(rules.valid_to + interval '1' day, date '9999-12-31')
            ) as effective_to,
            rules.rule,
            rules.source,
        from programs as inner_program
        inner join
            programs as outer_program
            on inner_program.institution_code = outer_program.institution_code
            and inner_program.cip_code = outer_program.cip_code
            and inner_program.cip_version = outer_program.cip_version
            and inner_program.counts_in = outer_program.counts_in
            and inner_program.required_credit < outer_program.required_credit
        inner join
            {{ ref("stack_rule") }} as rules
            on inner_program.award_level = rules.inner_level
            and outer_program.award_level = rules.outer_level
    )

select
    institution_code,
    inner_program_id,
    outer_program_id,
    inner_program_code,
    inner_title,
    inner_award_level,
    inner_required_credit,
    outer_program_code,
    outer_title,
    outer_award_level,
    outer_required_credit,
    credit_unit,
    cip_code,
    cast(effective_from as date) as effective_from,
    cast(effective_to as date) as effective_to,
    rule,
    source,
from paired
where effective_from < effective_to
