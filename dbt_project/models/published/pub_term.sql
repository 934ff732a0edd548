-- generated from data_contracts/products/term.odcs.yaml; edit that
select
    term_id,
    institution_code,
    term_code,
    title,
    term_type,
    start_date,
    end_date,
    academic_year_end,
    census_date,
    grades_final_on,
    parent_term_code,
    is_closed,
    recorded_at,
from {{ ref("clr_term") }}
