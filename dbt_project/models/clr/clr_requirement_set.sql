select
    {{
        record_id(
            "requirement set",
            ["code", "system", "award_level", "credential_type", "valid_from"],
        )
    }} as requirement_set_id,
    code as set_code,
    title,
    system as system_code,
    award_level,
    credential_type,
    source,
    valid_from,
    valid_to,
from {{ ref("requirement_set") }}
