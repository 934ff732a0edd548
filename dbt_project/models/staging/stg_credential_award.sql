-- generated from data_contracts/feeds/credential_award.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.award_id,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "credential_award") }} as landed
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
    landed.award_id,
    landed.program_code,
    landed.award_level,
    landed.credential_type,
    landed.title,
    landed.cip_code,
    landed.status,
    landed.awarded_on,
    landed.award_term,
    landed.honors,
    landed.credits_at_award,
    landed.gpa_at_award,
    landed.reverse_transfer,
    landed.ctid,
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
from {{ source("landing", "credential_award") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.award_id = newest.award_id
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
