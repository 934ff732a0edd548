-- generated from data_contracts/feeds/award_elsewhere.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.college_code,
            landed.awarded_on,
            landed.title,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "award_elsewhere") }} as landed
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
    landed.college_code,
    landed.awarded_on,
    landed.title,
    landed.college_name,
    landed.college_state,
    landed.college_level,
    landed.college_control,
    landed.major_1,
    landed.cip_1,
    landed.major_2,
    landed.cip_2,
    landed.major_3,
    landed.cip_3,
    landed.major_4,
    landed.cip_4,
    landed.source_system,
    landed.searched_on,
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
from {{ source("landing", "award_elsewhere") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.college_code = newest.college_code
    and landed.awarded_on = newest.awarded_on
    and landed.title = newest.title
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
