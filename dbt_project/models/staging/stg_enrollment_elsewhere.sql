-- generated from data_contracts/feeds/enrollment_elsewhere.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.college_code,
            landed.enrollment_begin,
            landed.enrollment_end,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "enrollment_elsewhere") }} as landed
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
    landed.enrollment_begin,
    landed.enrollment_end,
    landed.college_name,
    landed.college_state,
    landed.college_level,
    landed.college_control,
    landed.enrollment_status,
    landed.class_level,
    landed.major_1,
    landed.cip_1,
    landed.major_2,
    landed.cip_2,
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
from {{ source("landing", "enrollment_elsewhere") }} as landed
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
    and landed.enrollment_begin = newest.enrollment_begin
    and landed.enrollment_end = newest.enrollment_end
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
