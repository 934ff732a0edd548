-- generated from data_contracts/feeds/person_name.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.name_type,
            landed.last_name,
            landed.first_name,
            landed.effective_from,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "person_name") }} as landed
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
    landed.name_type,
    landed.last_name,
    landed.first_name,
    landed.middle_name,
    landed.suffix,
    landed.effective_from,
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
from {{ source("landing", "person_name") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.name_type = newest.name_type
    and landed.last_name = newest.last_name
    and landed.first_name is not distinct from newest.first_name
    and landed.effective_from is not distinct from newest.effective_from
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
