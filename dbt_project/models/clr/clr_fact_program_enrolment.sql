with declared as (select * from {{ ref("stg_program_enrollment") }})

select
    {{
        record_id(
            "program_enrollment",
            [
                "declared.institution_code",
                "declared.student_id",
                "declared.program_code",
                "declared.start_term",
            ],
        )
    }} as source_record_key,
    person.learner_id,
    declared.institution_code,
    program.program_id,
    declared.program_code,
    start_term.term_id as start_term_id,
    end_term.term_id as end_term_id,
    declared.status,
    declared."level",
    declared.concentration,
    declared.catalog_term as catalog_term_code,
    declared.expected_grad_term as expected_grad_term_code,
    {{ lineage("declared") }}
from declared
left join
    {{ ref("idn_college_student") }} as person
    on declared.institution_code = person.institution_code
    and declared.student_id = person.student_id
left join
    {{ ref("clr_term") }} as start_term
    on declared.institution_code = start_term.institution_code
    and declared.start_term = start_term.term_code
left join
    {{ ref("clr_term") }} as end_term
    on declared.institution_code = end_term.institution_code
    and declared.end_term = end_term.term_code
left join
    {{ ref("clr_program") }} as program
    on declared.institution_code = program.institution_code
    and declared.program_code = program.program_code
    and start_term.start_date >= program.effective_from
    and start_term.start_date < program.effective_to
