-- generated from data_contracts/products/credential_quality.odcs.yaml; edit that
select
    assertion_id,
    institution_code,
    kind,
    achievement_id,
    points,
    points_possible,
    score,
    missing,
from {{ ref("clr_credential_quality") }}
