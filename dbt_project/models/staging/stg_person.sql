-- generated from data_contracts/feeds/person.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "person") }} as landed
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
    landed.source_pk,
    landed.last_name,
    landed.first_name,
    landed.middle_name,
    landed.suffix,
    landed.preferred_first_name,
    landed.birth_date,
    landed.birth_date_quality,
    landed.sex,
    landed.email_college,
    landed.email_personal,
    landed.phone,
    landed.address_line1,
    landed.address_line2,
    landed.city,
    landed.state,
    landed.postal_code,
    landed.country,
    landed.high_school_code,
    landed.high_school_grad_year,
    landed.first_term_code,
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
from {{ source("landing", "person") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
