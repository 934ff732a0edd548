-- generated from data_contracts/products/achievement.odcs.yaml; edit that
select
    achievement_id,
    kind,
    institution_code,
    creator_organization_id,
    achievement_type,
    name,
    description,
    criteria_narrative,
    human_code,
    field_of_study,
    specialization,
    credits_available,
    category,
    tags,
    recorded_at,
from {{ ref("clr_achievement") }}
