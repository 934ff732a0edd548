-- generated from data_contracts/feeds/noncredit_completion.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.offering_id,
            landed.enrolled_on,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "noncredit_completion") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.student_id,
    landed.offering_id,
    landed.enrolled_on,
    landed.title,
    landed.provider_system,
    landed.outcome,
    landed.completed_on,
    landed.contact_hours,
    landed.ceu,
    landed.cip_code,
    landed.soc_code,
    landed.industry_credential,
    landed.industry_issuer,
    landed.industry_credential_earned_on,
    landed.sponsor_employer,
    landed.credit_articulated_to,
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
from {{ source("landing", "noncredit_completion") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.offering_id = newest.offering_id
    and landed.enrolled_on = newest.enrolled_on
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
