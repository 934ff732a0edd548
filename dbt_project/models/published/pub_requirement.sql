-- generated from data_contracts/products/requirement.odcs.yaml; edit that
select
    requirement_id,
    set_code,
    area_code,
    title,
    least_credit,
    most_credit,
    credit_unit,
    inner_rule,
    source,
    valid_from,
    valid_to,
from {{ ref("clr_requirement") }}
