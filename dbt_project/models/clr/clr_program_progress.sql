with

    -- a programme declared again is one, as it was declared last
    declared as (
        select
            fact.learner_id,
            fact.institution_code,
            fact.program_code,
            fact.program_id,
            fact.status,
            row_number() over (
                partition by fact.learner_id, fact.institution_code, fact.program_code
                order by term.start_date desc nulls last, fact.source_record_key asc
            ) as place,
        from {{ ref("clr_fact_program_enrolment") }} as fact
        left join {{ ref("clr_term") }} as term on fact.start_term_id = term.term_id
        where fact.learner_id is not null
    ),

    -- one attempt of a course counts, the one that earned most
    courses as (
        select
            learner_id,
            institution_code,
            counts_in,
            subject,
            course_number,
            max({{ counted_credit("earned_credit", "credit_unit") }}) as credit,
        from {{ ref("mob_attempt") }}
        where bar is null
        group by learner_id, institution_code, counts_in, subject, course_number
    ),

    earned as (
        select learner_id, institution_code, counts_in, sum(credit) as earned_credit,
        from courses
        group by learner_id, institution_code, counts_in
    ),

    accepted as (
        select
            learner_id,
            institution_code,
            {{ counted_in("credit_unit") }} as counts_in,
            sum(
                {{ counted_credit("accepted_credit", "credit_unit") }}
            ) as accepted_credit,
        from {{ ref("clr_fact_transfer_credit") }}
        where learner_id is not null and decision = 'ACCEPTED'
        group by learner_id, institution_code, counts_in
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
            cast(coalesce(earned.earned_credit, 0) as decimal(9, 3)) as earned_credit,
            cast(
                coalesce(accepted.accepted_credit, 0) as decimal(9, 3)
            ) as accepted_credit,
            moved.at_four_year_since,
            graduates.learner_id is not null as has_degree,
        from declared
        left join
            {{ ref("clr_program") }} as program
            on declared.program_id = program.program_id
        left join
            earned
            on declared.learner_id = earned.learner_id
            and declared.institution_code = earned.institution_code
            and {{ counted_in("program.credit_unit") }} = earned.counts_in
        left join
            accepted
            on declared.learner_id = accepted.learner_id
            and declared.institution_code = accepted.institution_code
            and {{ counted_in("program.credit_unit") }} = accepted.counts_in
        left join
            awards
            on declared.learner_id = awards.learner_id
            and declared.institution_code = awards.institution_code
            and declared.program_code = awards.program_code
        left join moved on declared.learner_id = moved.learner_id
        left join graduates on declared.learner_id = graduates.learner_id
        where declared.place = 1
    ),

    placed as (
        select
            measured.learner_id,
            measured.institution_code,
            measured.program_code,
            rules.rule,
            row_number() over (
                partition by
                    measured.learner_id,
                    measured.institution_code,
                    measured.program_code
                order by rules.place
            ) as place,
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
        where not measured.is_awarded and measured.required_credit > 0
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
    placed.rule,
from measured
left join
    placed
    on measured.learner_id = placed.learner_id
    and measured.institution_code = placed.institution_code
    and measured.program_code = placed.program_code
    and placed.place = 1
