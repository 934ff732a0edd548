-- generated from data_contracts/feeds/disclosure.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.kind,
            landed.valid_from,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "disclosure") }} as landed
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
    landed.kind,
    landed.valid_from,
    landed.valid_to,
    landed.note_code,
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
from {{ source("landing", "disclosure") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.kind = newest.kind
    and landed.valid_from = newest.valid_from
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
