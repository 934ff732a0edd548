with

    dated as (
        select
            program.*,
            {{
                record_id(
                    "program",
                    [
                        "program.institution_code",
                        "program.program_code",
                        "program.valid_from_term",
                    ],
                )
            }} as program_id,
            coalesce(term.start_date, date '1900-01-01') as effective_from,
        from {{ ref("stg_program") }} as program
        left join
            {{ ref("stg_term") }} as term
            on program.institution_code = term.institution_code
            and program.valid_from_term = term.term_code
    )

select
    program_id,
    institution_code,
    program_code,
    valid_from_term,
    valid_to_term,
    effective_from,
    lead(effective_from, 1, date '9999-12-31') over (
        partition by institution_code, program_code
        order by effective_from, valid_from_term
    ) as effective_to,
    title,
    cip_code,
    cip_version,
    award_level,
    credential_type,
    credit_unit,
    required_credits,
    ctid,
    is_closed,
    _as_of as recorded_at,
from dated
