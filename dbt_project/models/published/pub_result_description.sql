-- generated from data_contracts/products/result_description.odcs.yaml; edit that
select result_description_id, achievement_id, kind, name, result_type,
from {{ ref("clr_result_description") }}
