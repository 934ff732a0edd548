-- generated from data_contracts/products/learner_redirect.odcs.yaml; edit that
select learner_id, to_learner_id, since, clr_id, to_clr_id,
from {{ ref("clr_learner_redirect") }}
