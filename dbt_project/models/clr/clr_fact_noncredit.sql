with

    completions as (select * from {{ ref("stg_noncredit_completion") }}),

    joined as (
        select completions.*, person.learner_id, issuer.institution_code as issuer_code,
        from completions
        left join
            {{ ref("idn_college_student") }} as person
            on completions.institution_code = person.institution_code
            and completions.student_id = person.student_id
        left join
            {{ ref("institution") }} as issuer
            on completions.industry_issuer = issuer.name
    )

select
    {{
        record_id(
            "noncredit_completion",
            ["institution_code", "student_id", "offering_id", "enrolled_on"],
        )
    }} as source_record_key,
    learner_id,
    institution_code,
    {{
        record_id(
            "noncredit achievement",
            ["institution_code", "offering_id", "title", "cip_code"],
        )
    }} as achievement_id,
    case
        when
            industry_credential is not null
            and industry_credential_earned_on is not null
        then
            {{
                record_id(
                    "certification achievement",
                    [
                        "industry_issuer",
                        "industry_credential",
                        "case when industry_issuer is null then institution_code end",
                    ],
                )
            }}
    end as certification_achievement_id,
    case
        when industry_credential is null or industry_credential_earned_on is null
        then null
        when issuer_code is not null or industry_issuer is null
        then {{ organization_id("coalesce(issuer_code, institution_code)") }}
        else {{ named_organization_id("industry_issuer") }}
    end as certification_organization_id,
    offering_id,
    title,
    provider_system,
    enrolled_on,
    outcome,
    completed_on,
    contact_hours,
    ceu,
    cip_code,
    soc_code,
    industry_credential,
    industry_credential_earned_on,
    sponsor_employer,
    credit_articulated_to,
    {{ lineage() }}
from joined
