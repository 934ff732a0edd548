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

    known as (
        select distinct addresses.institution_code, addresses.email, person.learner_id,
        from addresses
        inner join
            {{ ref("idn_college_student") }} as person using (
                institution_code, student_id
            )
        where person.learner_id is not null
    ),

    owners as (
        select
            institution_code, email, min(learner_id) as learner_id, count(*) as found,
        from known
        group by institution_code, email
    )

select
    badges.institution_code,
    badges.platform,
    badges.badge_assertion_id,
    case
        -- an address two learners of a college share says nothing about either
        when badges.student_id is null and by_email.found = 1
        then by_email.learner_id
        -- a student id beside the address of another names neither
        when by_email.email is null or own.email is not null
        then by_id.learner_id
    end as learner_id,
    case
        when badges.student_id is null and by_email.found = 1
        then 'email'
        when
            by_id.learner_id is not null
            and (by_email.email is null or own.email is not null)
        then 'student_id'
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
left join
    known as own
    on by_email.institution_code = own.institution_code
    and by_email.email = own.email
    and by_id.learner_id = own.learner_id
