-- generated from data_contracts/products/transfer_target.odcs.yaml; edit that
select institution_code, system_code, counts_in, uses_transfer_codes, asked_on,
from {{ ref("clr_transfer_target") }}
