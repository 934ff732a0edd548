-- generated from data_contracts/feeds/employment_quarter.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.ssn,
            landed.employer_account,
            landed.year,
            landed.quarter,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "employment_quarter") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.ssn,
    landed.employer_account,
    landed.year,
    landed.quarter,
    landed.wages,
    landed.state,
    landed.naics,
    landed.soc,
    landed.record_updated_at,
    landed.institution_code,
    landed._op,
    landed._package_id,
    landed._wave_id,
    landed._package_seq,
    landed._as_of,
    landed._file_name,
    landed._file_sha256,
    landed._line,
    landed._contract_version,
    landed._op = 'C' as is_closed
from {{ source("landing", "employment_quarter") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.ssn = newest.ssn
    and landed.employer_account = newest.employer_account
    and landed.year = newest.year
    and landed.quarter = newest.quarter
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
