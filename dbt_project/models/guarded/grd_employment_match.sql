-- generated from data_contracts/products/employment_match.odcs.yaml; edit that
select agency_code, year, quarter, outcome, wage_rows, workers, wages,
from {{ ref("clr_employment_match") }}
