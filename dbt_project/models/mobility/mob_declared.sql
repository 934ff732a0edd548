with

    placed as (
        select
            fact.learner_id,
            fact.institution_code,
            fact.program_code,
            fact.program_id,
            fact.status,
            coalesce(
                catalog_term.start_date, start_term.start_date, date '9999-12-30'
            ) as held_to_on,
            row_number() over (
                partition by fact.learner_id, fact.institution_code, fact.program_code
                order by
                    start_term.start_date desc nulls last, fact.source_record_key asc
            ) as place,
        from {{ ref("clr_fact_program_enrolment") }} as fact
        left join
            {{ ref("clr_term") }} as start_term
            on fact.start_term_id = start_term.term_id
        left join
            {{ ref("clr_term") }} as catalog_term
            on fact.institution_code = catalog_term.institution_code
            and fact.catalog_term_code = catalog_term.term_code
        where fact.learner_id is not null
    )

select learner_id, institution_code, program_code, program_id, status, held_to_on,
from placed
where place = 1
