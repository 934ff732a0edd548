-- generated from data_contracts/feeds/section.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.term_code,
            landed.section_id,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "section") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.term_code,
    landed.section_id,
    landed.subject,
    landed.course_number,
    landed.section_number,
    landed.title,
    landed.start_date,
    landed.end_date,
    landed.delivery,
    landed.campus_code,
    landed.instructor_id,
    landed.credit_value,
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
from {{ source("landing", "section") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.term_code = newest.term_code
    and landed.section_id = newest.section_id
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
