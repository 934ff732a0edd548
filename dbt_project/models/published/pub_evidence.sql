-- generated from data_contracts/products/evidence.odcs.yaml; edit that
select learner_id, assertion_id, url, from {{ ref("clr_evidence") }}
