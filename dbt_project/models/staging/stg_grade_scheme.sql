-- generated from data_contracts/feeds/grade_scheme.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.grade_mode,
            landed.grade_local,
            landed.valid_from_term,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "grade_scheme") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.grade_mode,
    landed.grade_local,
    landed.valid_from_term,
    landed.outcome,
    landed.grade_points,
    landed.counts_attempted,
    landed.counts_earned,
    landed.counts_gpa,
    landed.title,
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
from {{ source("landing", "grade_scheme") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.grade_mode = newest.grade_mode
    and landed.grade_local = newest.grade_local
    and landed.valid_from_term = newest.valid_from_term
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
