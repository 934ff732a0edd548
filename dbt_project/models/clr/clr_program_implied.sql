with

    today as (select max(asked_on) as asked_on from {{ ref("clr_transfer_target") }}),

    rules as (
        select rules.*
        from {{ ref("implied_rule") }} as rules
        cross join today
        where
            today.asked_on
            between coalesce(rules.valid_from, date '0001-01-01') and coalesce(
                rules.valid_to, date '9999-12-31'
            )
    ),

    offered as (
        select
            program.program_id,
            program.institution_code,
            home.system_code,
            program.program_code,
            program.title,
            program.award_level,
            program.credential_type,
            substr(program.cip_code, 1, 5) as cip_series,
            {{ counted_in("program.credit_unit") }} as credit_unit,
            {{ counted_credit("program.required_credits", "program.credit_unit") }}
            as required_credit,
        from {{ ref("clr_program") }} as program
        inner join
            {{ ref("institution") }} as home
            on program.institution_code = home.institution_code
        cross join today
        where
            not program.is_closed
            and program.effective_from <= today.asked_on
            and program.effective_to > today.asked_on
            and program.required_credits > 0
    ),

    -- who is in a programme of the college says by it what the credit is for
    decided as (
        select learner_id, institution_code
        from {{ ref("mob_declared") }}
        where status = 'ACTIVE'
        group by learner_id, institution_code
    ),

    -- declared once: no need to guess
    known as (
        select
            declared.learner_id,
            declared.institution_code,
            declared.program_code,
            held_to.set_code,
        from {{ ref("mob_declared") }} as declared
        left join
            {{ ref("clr_program") }} as program
            on declared.program_id = program.program_id
        left join
            {{ ref("institution") }} as home
            on declared.institution_code = home.institution_code
        left join
            {{ ref("clr_requirement_set") }} as held_to
            on home.system_code = held_to.system_code
            and program.award_level = held_to.award_level
            and program.credential_type = held_to.credential_type
    ),

    -- who holds an award of the college is not on the way to one as short or shorter
    awarded as (
        select learner_id, institution_code, award_level
        from {{ ref("clr_fact_award") }}
        where learner_id is not null and status <> 'REVOKED'
        group by learner_id, institution_code, award_level
    ),

    past as (
        select learner_id, institution_code, award_level
        from awarded
        union
        select
            awarded.learner_id,
            awarded.institution_code,
            shorter.inner_level as award_level,
        from awarded
        inner join
            {{ ref("stack_rule") }} as shorter
            on awarded.award_level = shorter.outer_level
    ),

    undecided as (
        select credit.*
        from {{ ref("mob_held_credit") }} as credit
        anti join
            decided
            on credit.learner_id = decided.learner_id
            and credit.institution_code = decided.institution_code
        where credit.origin <> 'in_progress'
    ),

    here as (
        select learner_id, institution_code
        from undecided
        where origin = 'earned'
        group by learner_id, institution_code
    ),

    applied as (
        select
            'applied_credit' as rule,
            fact.learner_id,
            offered.program_id,
            sum(
                {{ counted_credit("fact.applied_credit", "fact.credit_unit") }}
            ) as held_credit,
            max(offered.required_credit) as asked_credit,
        from {{ ref("clr_fact_transfer_credit") }} as fact
        inner join
            offered
            on fact.institution_code = offered.institution_code
            and fact.applied_program_code = offered.program_code
            and {{ counted_in("fact.credit_unit") }} = offered.credit_unit
        anti join
            decided
            on fact.learner_id = decided.learner_id
            and fact.institution_code = decided.institution_code
        where
            fact.learner_id is not null
            and fact.is_applied
            and fact.decision = 'ACCEPTED'
        group by fact.learner_id, offered.program_id
    ),

    in_series as (
        select
            learner_id, institution_code, counts_in, cip_series, sum(credit) as credit,
        from undecided
        group by learner_id, institution_code, counts_in, cip_series
    ),

    in_field as (
        select
            'field_share' as rule,
            in_series.learner_id,
            offered.program_id,
            in_series.credit as held_credit,
            offered.required_credit as asked_credit,
        from in_series
        inner join
            here
            on in_series.learner_id = here.learner_id
            and in_series.institution_code = here.institution_code
        inner join
            offered
            on in_series.institution_code = offered.institution_code
            and in_series.counts_in = offered.credit_unit
            and in_series.cip_series = offered.cip_series
    ),

    in_areas as (
        select
            learner_id, institution_code, counts_in, area_code, sum(credit) as credit,
        from undecided
        group by learner_id, institution_code, counts_in, area_code
    ),

    cores as (
        select
            offered.program_id,
            offered.institution_code,
            offered.credit_unit,
            held_to.set_code,
            requirement.area_code,
            {{ counted_credit("requirement.least_credit", "requirement.credit_unit") }}
            as least_credit,
        from offered
        cross join today
        inner join
            {{ ref("clr_requirement_set") }} as held_to
            on offered.system_code = held_to.system_code
            and offered.award_level = held_to.award_level
            and offered.credential_type = held_to.credential_type
            and today.asked_on
            between coalesce(held_to.valid_from, date '0001-01-01') and coalesce(
                held_to.valid_to, date '9999-12-31'
            )
        inner join
            {{ ref("clr_requirement") }} as requirement
            on held_to.set_code = requirement.set_code
            and requirement.least_credit > 0
            and offered.credit_unit = {{ counted_in("requirement.credit_unit") }}
            and today.asked_on
            between coalesce(requirement.valid_from, date '0001-01-01') and coalesce(
                requirement.valid_to, date '9999-12-31'
            )
    ),

    core_totals as (
        select program_id, sum(least_credit) as asked_credit
        from cores
        group by program_id
    ),

    in_core as (
        select
            'core_share' as rule,
            in_areas.learner_id,
            cores.program_id,
            sum(least(in_areas.credit, cores.least_credit)) as held_credit,
            max(core_totals.asked_credit) as asked_credit,
        from in_areas
        inner join
            here
            on in_areas.learner_id = here.learner_id
            and in_areas.institution_code = here.institution_code
        inner join
            cores
            on in_areas.institution_code = cores.institution_code
            and in_areas.counts_in = cores.credit_unit
            and in_areas.area_code = cores.area_code
        inner join core_totals on cores.program_id = core_totals.program_id
        -- degrees with the same core are not told apart by it
        anti join
            known
            on in_areas.learner_id = known.learner_id
            and in_areas.institution_code = known.institution_code
            and cores.set_code = known.set_code
        group by in_areas.learner_id, cores.program_id
    ),

    measured as (
        select *
        from applied
        union all by name
        select *
        from in_field
        union all by name
        select *
        from in_core
    ),

    judged as (
        select
            measured.learner_id,
            offered.institution_code,
            offered.program_code,
            offered.program_id,
            offered.title,
            offered.award_level,
            offered.credit_unit,
            measured.rule,
            cast(measured.held_credit as decimal(9, 3)) as held_credit,
            cast(measured.asked_credit as decimal(9, 3)) as asked_credit,
            row_number() over (
                partition by measured.learner_id, measured.program_id
                order by rules.place
            ) as place,
        from measured
        inner join
            rules
            on measured.rule = rules.rule
            and measured.held_credit >= coalesce(rules.minimum_credit, 0)
            and measured.held_credit
            >= measured.asked_credit * coalesce(rules.minimum_share, 0)
        inner join offered on measured.program_id = offered.program_id
        anti join
            known
            on measured.learner_id = known.learner_id
            and offered.institution_code = known.institution_code
            and offered.program_code = known.program_code
        anti join
            past
            on measured.learner_id = past.learner_id
            and offered.institution_code = past.institution_code
            and offered.award_level = past.award_level
    )

select
    learner_id,
    institution_code,
    program_code,
    program_id,
    title,
    award_level,
    credit_unit,
    rule,
    held_credit,
    asked_credit,
    cast(held_credit / asked_credit as decimal(9, 4)) as held_share,
    cast(
        count(*) over (partition by learner_id, institution_code) as integer
    ) as implied_here,
from judged
where place = 1
