with

    links as (select * from {{ ref("idn_college_student") }}),

    people as (select institution_code, student_id from {{ ref("stg_person") }})

select people.institution_code, 'person_without_learner' as finding, count(*) as found,
from people
anti join links using (institution_code, student_id)
group by people.institution_code
union all
select links.institution_code, 'link_to_unknown_learner' as finding, count(*) as found,
from links
anti join {{ ref("clr_learner") }} using (learner_id)
group by links.institution_code
union all
select institution_code, 'record_without_learner' as finding, count(*) as found,
from {{ ref("clr_assertion") }}
where status = 'unlinked'
group by institution_code
