-- generated from data_contracts/feeds/badge.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.platform,
            landed.badge_assertion_id,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "badge") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.platform,
    landed.badge_assertion_id,
    landed.recipient_email,
    landed.student_id,
    landed.recipient_name,
    landed.badge_class_id,
    landed.badge_name,
    landed.issuer_name,
    landed.issued_on,
    landed.expires_on,
    landed.status,
    landed.evidence_url,
    landed.assertion_url,
    landed.skills,
    landed.ob_version,
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
from {{ source("landing", "badge") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.platform = newest.platform
    and landed.badge_assertion_id = newest.badge_assertion_id
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
