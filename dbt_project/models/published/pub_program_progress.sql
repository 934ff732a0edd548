-- generated from data_contracts/products/program_progress.odcs.yaml; edit that
select
    learner_id,
    institution_code,
    program_code,
    program_id,
    title,
    award_level,
    status,
    is_awarded,
    credit_unit,
    required_credit,
    earned_credit,
    accepted_credit,
    remaining_credit,
    at_four_year_since,
    rule,
from {{ ref("clr_program_progress") }}
