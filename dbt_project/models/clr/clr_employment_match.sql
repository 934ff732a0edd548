select
    wages.institution_code as agency_code,
    wages.year,
    wages.quarter,
    worker.outcome,
    count(*) as wage_rows,
    count(distinct wages.ssn) as workers,
    cast(sum(wages.wages) as decimal(18, 2)) as wages,
from {{ ref("stg_employment_quarter") }} as wages
inner join {{ ref("idn_wage_worker") }} as worker on wages.ssn = worker.ssn
group by wages.institution_code, wages.year, wages.quarter, worker.outcome
