-- generated from data_contracts/products/association.odcs.yaml; edit that
select
    learner_id,
    source_achievement_id,
    target_achievement_id,
    association_type,
    institution_code,
from {{ ref("clr_association") }}
