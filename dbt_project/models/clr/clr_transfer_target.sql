with

    -- the day it is at each college when its last package was made
    today as (
        select
            {{ local_date("max(package.as_of)", "max(institution.timezone)") }}
            as as_of_date,
        from {{ ref("stg_package") }} as package
        inner join {{ ref("institution") }} as institution using (institution_code)
        group by package.institution_code
    ),

    latest as (select max(as_of_date) as asked_on from today),

    catalogues as (
        select
            institution_code,
            count(*) filter (where credit_unit in ('SH', 'QH')) as in_hours,
            count(*) filter (where credit_unit = 'CLOCK') as in_clock_hours,
            count(*) filter (where transfer_code is not null) as with_transfer_code,
        from {{ ref("clr_course") }}
        group by institution_code
    )

select
    college.institution_code,
    college.system_code,
    case
        when catalogues.in_clock_hours > catalogues.in_hours then 'CLOCK' else 'SH'
    end as counts_in,
    sum(catalogues.with_transfer_code) over (partition by college.system_code)
    > 0 as uses_transfer_codes,
    latest.asked_on,
from {{ ref("institution") }} as college
inner join catalogues on college.institution_code = catalogues.institution_code
cross join latest
where
    college.kind = 'college'
    and college.status <> 'closed_merged'
    and catalogues.in_hours + catalogues.in_clock_hours > 0
