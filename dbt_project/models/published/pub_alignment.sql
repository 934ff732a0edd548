-- generated from data_contracts/products/alignment.odcs.yaml; edit that
select
    achievement_id,
    target_url,
    target_code,
    target_name,
    target_framework,
    framework_version,
    target_type,
    source,
from {{ ref("clr_alignment") }}
