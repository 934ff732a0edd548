with

    badges as (
        select
            badge.*,
            recipient.learner_id,
            recipient.linked_by,
            -- a college that issues badges itself is not a second organisation
            case
                when issuer.institution_code is not null
                then {{ organization_id("issuer.institution_code") }}
                else {{ named_organization_id("badge.issuer_name") }}
            end as issuer_organization_id,
        from {{ ref("stg_badge") }} as badge
        inner join
            {{ ref("idn_badge_recipient") }} as recipient using (
                institution_code, platform, badge_assertion_id
            )
        left join {{ ref("institution") }} as issuer on badge.issuer_name = issuer.name
    )

select
    {{ record_id("badge", ["institution_code", "platform", "badge_assertion_id"]) }}
    as source_record_key,
    learner_id,
    institution_code,
    linked_by,
    {{
        record_id(
            "badge achievement",
            ["platform", "badge_class_id", "badge_name", "issuer_name", "skills"],
        )
    }} as achievement_id,
    issuer_organization_id,
    platform,
    badge_class_id,
    badge_name,
    skills,
    issued_on,
    expires_on,
    status,
    evidence_url,
    assertion_url,
    {{ lineage() }}
from badges
