-- generated from data_contracts/feeds/transfer_credit.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.transfer_seq,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "transfer_credit") }} as landed
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
    landed.transfer_seq,
    landed.source_type,
    landed.source_code_type,
    landed.source_code,
    landed.source_name,
    landed.source_term_text,
    landed.source_subject,
    landed.source_number,
    landed.source_title,
    landed.source_credit,
    landed.source_credit_unit,
    landed.source_grade,
    landed.equiv_group,
    landed.decision,
    landed.reject_reason,
    landed.equiv_type,
    landed.equiv_subject,
    landed.equiv_number,
    landed.accepted_credit,
    landed.credit_unit,
    landed.in_gpa,
    landed.applied,
    landed.applied_program_code,
    landed.applied_credit,
    landed.rule_id,
    landed.evaluated_on,
    landed.effective_term,
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
from {{ source("landing", "transfer_credit") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.transfer_seq = newest.transfer_seq
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
