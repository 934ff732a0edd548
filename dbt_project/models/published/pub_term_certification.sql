-- generated from data_contracts/products/term_certification.odcs.yaml; edit that
select
    institution_code,
    term_id,
    term_code,
    kind,
    status,
    sequence,
    certified_at,
    described_at,
    headcount,
    enrollments,
    attempted_credit,
    earned_credit,
    awards,
    decision_id,
from {{ ref("clr_term_certification") }}
