-- generated from data_contracts/feeds/equivalency.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.rule_id,
            landed.rule_version,
            landed.side,
            landed.alternative,
            landed.member_seq,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "equivalency") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.rule_id,
    landed.rule_version,
    landed.side,
    landed.alternative,
    landed.member_seq,
    landed.member_institution_code,
    landed.subject,
    landed.course_number,
    landed.min_grade,
    landed.credits,
    landed.credit_unit,
    landed.area_code,
    landed.valid_from,
    landed.valid_to,
    landed.status,
    landed.source_ref,
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
from {{ source("landing", "equivalency") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.rule_id = newest.rule_id
    and landed.rule_version = newest.rule_version
    and landed.side = newest.side
    and landed.alternative = newest.alternative
    and landed.member_seq = newest.member_seq
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
