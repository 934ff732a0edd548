-- generated from data_contracts/products/requirement_set.odcs.yaml; edit that
select
    requirement_set_id,
    set_code,
    title,
    system_code,
    award_level,
    credential_type,
    source,
    valid_from,
    valid_to,
from {{ ref("clr_requirement_set") }}
