-- generated from data_contracts/products/credential_scorecard.odcs.yaml; edit that
select institution_code, kind, rule, credentials, met, mean_score,
from {{ ref("clr_credential_scorecard") }}
