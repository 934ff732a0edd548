with

    matched as (
        select agency_code, year, quarter, matched_by as outcome, count(*) as wage_rows,
        from {{ ref("clr_fact_employment_quarter") }}
        group by agency_code, year, quarter, matched_by
    ),

    counted as (
        select agency_code, year, quarter, outcome, wage_rows,
        from {{ ref("clr_employment_match") }}
        where outcome in ('current', 'earlier')
    )

select agency_code, year, quarter, outcome,
from matched
full join counted using (agency_code, year, quarter, outcome)
where matched.wage_rows is distinct from counted.wage_rows
