-- generated from data_contracts/products/learner.odcs.yaml; edit that
select
    learner_id,
    status,
    merged_into_learner_id,
    institution_codes,
    system_code,
    clr_id,
    changed_at,
from {{ ref("clr_learner") }}
