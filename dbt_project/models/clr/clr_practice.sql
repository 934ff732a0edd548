select
    {{ record_id("practice entry", ["code", "valid_from"]) }} as practice_id,
    code,
    name,
    definition,
    category,
    achievement_type,
    source,
    valid_from,
    valid_to,
    row_number() over (
        partition by code order by coalesce(valid_from, date '0001-01-01') desc
    )
    = 1 as is_latest,
from {{ ref("practice") }}
