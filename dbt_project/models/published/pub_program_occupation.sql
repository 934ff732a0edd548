-- generated from data_contracts/products/program_occupation.odcs.yaml; edit that
select program_id, soc_code, soc_title, soc_version, source,
from {{ ref("clr_program_occupation") }}
