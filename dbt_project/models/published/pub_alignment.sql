-- generated from data_contracts/products/alignment.odcs.yaml; edit that
select
    achievement_id, target_url, target_name, target_code, target_framework, target_type,
from {{ ref("clr_alignment") }}
