with

    linked as (
        select learner_id, source_record_key as assertion_id, evidence_url as url
        from {{ ref("clr_fact_experience") }}
        union
        select learner_id, source_record_key as assertion_id, evidence_url as url
        from {{ ref("clr_fact_badge") }}
        union
        select learner_id, source_record_key as assertion_id, assertion_url as url
        from {{ ref("clr_fact_badge") }}
    )

select learner_id, assertion_id, url
from linked
where {{ is_web_address("url") }}
