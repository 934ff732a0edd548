-- generated from data_contracts/products/practice.odcs.yaml; edit that
select
    practice_id,
    code,
    name,
    definition,
    category,
    achievement_type,
    source,
    valid_from,
    valid_to,
    is_latest,
from {{ ref("clr_practice") }}
