-- generated from data_contracts/products/conservation.odcs.yaml; edit that
select institution_code, measure, staged, facts, assertions, unlinked, held,
from {{ ref("clr_conservation") }}
