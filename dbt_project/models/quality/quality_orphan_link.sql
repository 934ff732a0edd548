with

    links as (select * from {{ ref("idn_college_student") }}),

    people as (
        select people.institution_code, people.student_id, held.reason
        from {{ ref("stg_person") }} as people
        left join {{ ref("idn_held") }} as held using (institution_code, student_id)
        anti join links using (institution_code, student_id)
    )

select
    institution_code,
    case
        when reason is null then 'person_without_learner' else 'person_held'
    end as finding,
    count(*) as found,
from people
group by institution_code, finding
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
