-- generated from data_contracts/feeds/person_merge.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.from_student_id,
            landed.to_student_id,
            landed.merged_on,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "person_merge") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.from_student_id,
    landed.to_student_id,
    landed.kind,
    landed.merged_on,
    landed.reason,
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
from {{ source("landing", "person_merge") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.from_student_id = newest.from_student_id
    and landed.to_student_id = newest.to_student_id
    and landed.merged_on = newest.merged_on
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
