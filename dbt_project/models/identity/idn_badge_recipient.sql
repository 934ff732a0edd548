with

    badges as (select * from {{ ref("stg_badge") }}),

    addresses as (
        select institution_code, student_id, lower(email_college) as email
        from {{ ref("stg_person") }}
        where email_college is not null
        union
        select institution_code, student_id, lower(email_personal) as email
        from {{ ref("stg_person") }}
        where email_personal is not null
    ),

    -- an address two learners of a college share says nothing about either
    owners as (
        select
            addresses.institution_code,
            addresses.email,
            min(person.learner_id) as learner_id,
        from addresses
        inner join
            {{ ref("idn_college_student") }} as person using (
                institution_code, student_id
            )
        group by addresses.institution_code, addresses.email
        having count(distinct person.learner_id) = 1
    )

select
    badges.institution_code,
    badges.platform,
    badges.badge_assertion_id,
    coalesce(by_id.learner_id, by_email.learner_id) as learner_id,
    case
        when by_id.learner_id is not null
        then 'student_id'
        when by_email.learner_id is not null
        then 'email'
    end as linked_by,
from badges
left join
    {{ ref("idn_college_student") }} as by_id
    on badges.institution_code = by_id.institution_code
    and badges.student_id = by_id.student_id
left join
    owners as by_email
    on badges.institution_code = by_email.institution_code
    and lower(badges.recipient_email) = by_email.email
    and badges.student_id is null
