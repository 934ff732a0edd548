-- What was certified can be counted again from the rows that were frozen with it.
with

    counted as (
        select
            _decision_id as decision_id,
            count(distinct student_id) as headcount,
            count(*) as enrollments,
            sum(attempted_credit) as attempted_credit,
            sum(coalesce(earned_credit, 0)) as earned_credit,
        from {{ source("certified", "course_result") }}
        where registration_status in ('ENROLLED', 'WITHDRAWN', 'COMPLETED')
        group by _decision_id
    ),

    awarded as (
        select _decision_id as decision_id, count(*) as awards
        from {{ source("certified", "credential_award") }}
        where status <> 'REVOKED'
        group by _decision_id
    )

select certified.decision_id
from {{ ref("clr_term_certification") }} as certified
left join counted using (decision_id)
left join awarded using (decision_id)
where
    certified.headcount <> coalesce(counted.headcount, 0)
    or certified.enrollments <> coalesce(counted.enrollments, 0)
    or certified.attempted_credit <> coalesce(counted.attempted_credit, 0)
    or certified.earned_credit <> coalesce(counted.earned_credit, 0)
    or certified.awards <> coalesce(awarded.awards, 0)
