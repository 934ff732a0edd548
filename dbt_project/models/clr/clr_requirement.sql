select
    {{ record_id("requirement", ["set_code", "code", "valid_from"]) }}
    as requirement_id,
    set_code,
    code as area_code,
    title,
    least_credit,
    most_credit,
    credit_unit,
    inner_rule,
    source,
    valid_from,
    valid_to,
from {{ ref("requirement") }}
