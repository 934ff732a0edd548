with brought as (
    select
        *,
        coalesce(source_type, basis.value, 'INSTITUTION') as kind,
        coalesce(original_id, equiv_type) is not null as is_equivalent,
        row_number() over (partition by _file, student_id order by _line) as place
    from course
    left join setting_transfer_basis as basis on course.credit_basis = basis.code
    where
        not pesc_is_taught(
            school_name, ipeds, opeid, local_id, credit_basis, source_type
        )
        and pesc_counts(school_level, credit_basis, status)
),

evaluated as (
    select
        *,
        coalesce(credit_earned, '0') as accepted,
        case
            when decision is not null then decision
            when credit_earned is null then 'PENDING'
            when try_cast(credit_earned as decimal(18, 3)) > 0 then 'ACCEPTED'
            else 'REJECTED'
        end as verdict,
        coalesce(
            equiv_type,
            case when is_equivalent and subject is not null then 'DIRECT' else 'ELECTIVE' end
        ) as equivalence
    from brought
)

select
    student_id,
    coalesce(transfer_seq, cast(place as varchar)) as transfer_seq,
    kind as source_type,
    case
        when kind <> 'INSTITUTION' then source_code_type
        else coalesce(
            source_code_type,
            case
                when ipeds is not null then 'UNITID'
                when length(opeid) = 8 then 'OPEID8'
                when opeid is not null then 'OPEID6'
                when fice is not null then 'FICE'
                when ceeb is not null then 'CEEB'
                when atp is not null then 'ATP'
                when local_id is not null then 'LOCAL'
            end
        )
    end as source_code_type,
    case
        when kind <> 'INSTITUTION' then source_code
        else coalesce(source_code, ipeds, opeid, fice, ceeb, atp, local_id)
    end as source_code,
    coalesce(source_name, school_name) as source_name,
    coalesce(
        source_term,
        case when transfer_seq is null then coalesce(session_name, designator) end
    ) as source_term_text,
    coalesce(
        source_subject,
        case
            when original_id is not null then regexp_extract(original_id, '^(.+) \S+$', 1)
            when not is_equivalent then subject
        end
    ) as source_subject,
    coalesce(
        source_number,
        case
            when original_id is not null then regexp_extract(original_id, '(\S+)$', 1)
            when not is_equivalent then course_number
        end
    ) as source_number,
    title as source_title,
    credit_value as source_credit,
    case when coalesce(credit_value, credit_units) is not null then pesc_unit(credit_units) end
        as source_credit_unit,
    grade as source_grade,
    coalesce(equiv_group, cast(place as varchar)) as equiv_group,
    verdict as decision,
    reject_reason,
    equivalence as equiv_type,
    case when is_equivalent then subject end as equiv_subject,
    case when is_equivalent then course_number end as equiv_number,
    case when verdict = 'ACCEPTED' then accepted else '0' end as accepted_credit,
    coalesce(accepted_unit, pesc_unit(credit_units)) as credit_unit,
    case when gpa_applicability = 'Applicable' then 'Y' else 'N' end as in_gpa,
    applied,
    applied_program as applied_program_code,
    applied_credit,
    rule_id,
    evaluated_on,
    effective_term,
    updated_at as record_updated_at,
    _file,
    _line
from evaluated
