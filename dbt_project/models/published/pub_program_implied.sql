-- generated from data_contracts/products/program_implied.odcs.yaml; edit that
select
    learner_id,
    institution_code,
    program_code,
    program_id,
    title,
    award_level,
    credit_unit,
    rule,
    held_credit,
    asked_credit,
    held_share,
    implied_here,
from {{ ref("clr_program_implied") }}
