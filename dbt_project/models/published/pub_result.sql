-- generated from data_contracts/products/result.odcs.yaml; edit that
select learner_id, assertion_id, result_description_id, kind, value, status,
from {{ ref("clr_result") }}
