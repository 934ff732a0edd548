-- generated from data_contracts/feeds/term_enrollment.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.term_code,
            landed.level,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "term_enrollment") }} as landed
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
    landed.term_code,
    landed.level,
    landed.student_type,
    landed.dual_enrollment,
    landed.residency,
    landed.attempted,
    landed.earned,
    landed.gpa_credits,
    landed.quality_points,
    landed.term_gpa,
    landed.cum_gpa,
    landed.academic_standing,
    landed.credit_unit,
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
from {{ source("landing", "term_enrollment") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.term_code = newest.term_code
    and landed.level = newest.level
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
