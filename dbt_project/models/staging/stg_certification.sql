with

    decisions as (select * from {{ source("decision", "log") }}),

    standing as (
        select certification.*
        from decisions as certification
        anti join
            decisions as withdrawal
            on certification.decision_id = withdrawal.names
            and withdrawal.kind = 'withdraw'
        where certification.kind = 'certify'
    ),

    -- ids sort as time does
    newest as (
        select max(decision_id) as decision_id
        from standing
        group by institution_code, term_code, certification
    )

select
    standing.decision_id,
    standing.institution_code,
    standing.term_code,
    standing.certification as kind,
    standing.status,
    standing.sequence,
    standing.decided_at,
    standing.as_of,
    standing.headcount,
    standing.enrollments,
    standing.attempted_credit,
    standing.earned_credit,
    standing.awards,
from standing
inner join newest using (decision_id)
