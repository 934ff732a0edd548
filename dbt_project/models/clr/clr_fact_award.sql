with

    awards as (select * from {{ ref("stg_credential_award") }}),

    -- the concentration last declared in the programme
    concentrations as (
        select
            declared.institution_code,
            declared.student_id,
            declared.program_code,
            max_by(
                declared.concentration,
                {{ sortable("term.start_date") }} || declared.start_term
            ) as concentration,
        from {{ ref("stg_program_enrollment") }} as declared
        left join
            {{ ref("stg_term") }} as term
            on declared.institution_code = term.institution_code
            and declared.start_term = term.term_code
        where declared.concentration is not null
        group by declared.institution_code, declared.student_id, declared.program_code
    ),

    joined as (
        select
            awards.*,
            person.learner_id,
            term.term_id,
            program.program_id,
            concentrations.concentration,
        from awards
        left join
            {{ ref("idn_college_student") }} as person
            on awards.institution_code = person.institution_code
            and awards.student_id = person.student_id
        left join
            {{ ref("clr_term") }} as term
            on awards.institution_code = term.institution_code
            and awards.award_term = term.term_code
        left join
            {{ ref("clr_program") }} as program
            on awards.institution_code = program.institution_code
            and awards.program_code = program.program_code
            and term.start_date >= program.effective_from
            and term.start_date < program.effective_to
        left join
            concentrations
            on awards.institution_code = concentrations.institution_code
            and awards.student_id = concentrations.student_id
            and awards.program_code = concentrations.program_code
    )

select
    {{ record_id("credential_award", ["institution_code", "student_id", "award_id"]) }}
    as source_record_key,
    learner_id,
    institution_code,
    {{
        record_id(
            "award achievement",
            [
                "institution_code",
                "program_code",
                "award_level",
                "credential_type",
                "title",
                "cip_code",
                "concentration",
                "ctid",
            ],
        )
    }} as achievement_id,
    program_id,
    program_code,
    term_id,
    award_level,
    credential_type,
    title,
    cip_code,
    ctid,
    concentration,
    status,
    awarded_on,
    honors,
    credits_at_award,
    gpa_at_award,
    reverse_transfer = 'Y' as is_reverse_transfer,
    {{ lineage() }}
from joined
