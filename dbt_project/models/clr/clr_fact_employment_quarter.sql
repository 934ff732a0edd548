select
    {{
        record_id(
            "employment_quarter",
            [
                "wages.institution_code",
                "wages.ssn",
                "wages.employer_account",
                "wages.year",
                "wages.quarter",
            ],
        )
    }} as source_record_key,
    worker.learner_id,
    wages.institution_code as agency_code,
    wages.year,
    wages.quarter,
    {{ record_id("employer", ["wages.institution_code", "wages.employer_account"]) }}
    as employer_key,
    wages.wages,
    wages.state,
    wages.naics,
    wages.soc,
    worker.outcome as matched_by,
    {{ lineage("wages") }}
from {{ ref("stg_employment_quarter") }} as wages
inner join {{ ref("idn_wage_worker") }} as worker on wages.ssn = worker.ssn
where worker.learner_id is not null
