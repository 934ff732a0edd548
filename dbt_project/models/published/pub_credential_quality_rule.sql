-- generated from data_contracts/products/credential_quality_rule.odcs.yaml; edit that
select rule, points, kinds, expects, source, remedy,
from {{ ref("clr_credential_quality_rule") }}
