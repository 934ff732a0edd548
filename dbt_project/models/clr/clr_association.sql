with

    -- what a learner passed at the college while in the programme the award is for
    on_the_way as (
        select distinct
            award.learner_id,
            enrolment.achievement_id as source_achievement_id,
            award.achievement_id as target_achievement_id,
            'isPartOf' as association_type,
            award.institution_code,
        from {{ ref("clr_fact_award") }} as award
        inner join
            {{ ref("clr_fact_program_enrolment") }} as declared
            on award.institution_code = declared.institution_code
            and award.learner_id = declared.learner_id
            and award.program_code = declared.program_code
        inner join
            {{ ref("clr_term") }} as first_term
            on declared.start_term_id = first_term.term_id
        inner join
            {{ ref("clr_fact_section_enrolment") }} as enrolment
            on award.institution_code = enrolment.institution_code
            and award.learner_id = enrolment.learner_id
            and enrolment.status = 'completed'
        where
            award.status <> 'REVOKED'
            and enrolment.start_date between first_term.start_date and award.awarded_on
    ),

    transferred as (
        select
            learner_id,
            sent_achievement_id as source_achievement_id,
            achievement_id as target_achievement_id,
            case
                when bool_or(equiv_type = 'DIRECT')
                then 'exactMatchOf'
                else 'isRelatedTo'
            end as association_type,
            institution_code,
        from {{ ref("clr_fact_transfer_credit") }}
        where
            decision = 'ACCEPTED'
            and sent_achievement_id is not null
            and learner_id is not null
        group by learner_id, sent_achievement_id, achievement_id, institution_code
    )

select *
from on_the_way
union all
select *
from transferred
