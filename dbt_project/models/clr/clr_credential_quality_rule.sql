select
    rule,
    cast(points as integer) as points,
    {{ parts_of("kinds", " ") }} as kinds,
    expects,
    source,
    remedy,
from {{ ref("credential_quality_rule") }}
