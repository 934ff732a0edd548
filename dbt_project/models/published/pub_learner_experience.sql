-- generated from data_contracts/products/learner_experience.odcs.yaml; edit that
select learner_id, category, experiences, experiences_with_hours, "hours",
from {{ ref("clr_learner_experience") }}
