with

    declared as (
        select
            declared.learner_id,
            declared.institution_code,
            declared.program_code,
            declared.program_id,
            declared.held_to_on,
            {{ counted_in("program.credit_unit") }} as credit_unit,
            held_to.set_code,
        from {{ ref("mob_declared") }} as declared
        inner join
            {{ ref("clr_program") }} as program
            on declared.program_id = program.program_id
        inner join
            {{ ref("institution") }} as home
            on declared.institution_code = home.institution_code
        inner join
            {{ ref("clr_requirement_set") }} as held_to
            on home.system_code = held_to.system_code
            and program.award_level = held_to.award_level
            and program.credential_type = held_to.credential_type
            and declared.held_to_on
            between coalesce(held_to.valid_from, date '0001-01-01') and coalesce(
                held_to.valid_to, date '9999-12-31'
            )
    ),

    asked as (
        select
            declared.* exclude (held_to_on),
            requirement.requirement_id,
            requirement.area_code,
            requirement.title,
            {{ counted_credit("requirement.least_credit", "requirement.credit_unit") }}
            as required_credit,
            {{ counted_credit("requirement.most_credit", "requirement.credit_unit") }}
            as most_credit,
        from declared
        inner join
            {{ ref("clr_requirement") }} as requirement
            on declared.set_code = requirement.set_code
            and declared.credit_unit = {{ counted_in("requirement.credit_unit") }}
            and declared.held_to_on
            between coalesce(requirement.valid_from, date '0001-01-01') and coalesce(
                requirement.valid_to, date '9999-12-31'
            )
    ),

    held as (
        select
            declared.* exclude (held_to_on),
            credit.area_code,
            credit.earned_credit,
            credit.accepted_credit,
            credit.in_progress_credit,
            credit.courses,
            credit.courses_in_progress,
        from declared
        inner join
            {{ ref("mob_area_credit") }} as credit
            on declared.learner_id = credit.learner_id
            and declared.institution_code = credit.institution_code
            and declared.credit_unit = credit.counts_in
    ),

    {% set keys = [
        "learner_id",
        "institution_code",
        "program_code",
        "program_id",
        "set_code",
        "credit_unit",
        "area_code",
    ] %}
    joined as (
        select
            {% for key in keys %}
                coalesce(asked.{{ key }}, held.{{ key }}) as {{ key }},
            {% endfor %}
            asked.requirement_id,
            asked.title,
            asked.required_credit,
            asked.most_credit,
            coalesce(held.earned_credit, 0) as earned_credit,
            coalesce(held.accepted_credit, 0) as accepted_credit,
            coalesce(held.in_progress_credit, 0) as in_progress_credit,
            coalesce(held.courses, 0) as courses,
            coalesce(held.courses_in_progress, 0) as courses_in_progress,
        from asked
        full outer join
            held
            on asked.learner_id = held.learner_id
            and asked.institution_code = held.institution_code
            and asked.program_code = held.program_code
            and asked.area_code = held.area_code
    )

select
    learner_id,
    institution_code,
    program_code,
    area_code,
    program_id,
    set_code,
    requirement_id,
    title,
    credit_unit,
    required_credit,
    most_credit,
    cast(earned_credit as decimal(9, 3)) as earned_credit,
    cast(accepted_credit as decimal(9, 3)) as accepted_credit,
    cast(in_progress_credit as decimal(9, 3)) as in_progress_credit,
    cast(
        case
            when required_credit > earned_credit + accepted_credit
            then required_credit - earned_credit - accepted_credit
            when required_credit is not null
            then 0
        end as decimal(9, 3)
    ) as remaining_credit,
    cast(
        case
            when earned_credit + accepted_credit > most_credit
            then earned_credit + accepted_credit - most_credit
            when required_credit is not null
            then 0
        end as decimal(9, 3)
    ) as surplus_credit,
    earned_credit + accepted_credit >= required_credit as is_met,
    cast(courses as integer) as courses,
    cast(courses_in_progress as integer) as courses_in_progress,
from joined
