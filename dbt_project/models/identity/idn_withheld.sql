with

    -- the day it is at each college when its last package was made
    today as (
        select
            package.institution_code,
            {{ local_date("max(package.as_of)", "max(institution.timezone)") }}
            as as_of_date,
        from {{ ref("stg_package") }} as package
        inner join {{ ref("institution") }} as institution using (institution_code)
        group by package.institution_code
    ),

    latest as (select max(as_of_date) as as_of_date from today),

    in_force as (
        select disclosure.institution_code, disclosure.student_id, disclosure.kind
        from {{ ref("stg_disclosure") }} as disclosure
        cross join latest
        where
            disclosure.kind in (
                'FERPA_BLOCK',
                'PUBLISH_OPT_OUT',
                'TRANSCRIPT_HOLD',
                'FINANCIAL_HOLD',
                'DECEASED'
            )
            and disclosure.valid_from <= latest.as_of_date
            and coalesce(disclosure.valid_to >= latest.as_of_date, true)
    )

-- by learner, so that a block under an id since merged away still holds
select
    in_force.institution_code,
    person.learner_id,
    string_agg(distinct in_force.kind, ' ' order by in_force.kind) as reasons,
from in_force
inner join
    {{ ref("idn_college_student") }} as person using (institution_code, student_id)
group by in_force.institution_code, person.learner_id
