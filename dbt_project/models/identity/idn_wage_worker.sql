with

    workers as (select ssn from {{ ref("stg_employment_quarter") }} group by ssn),

    -- what any college ever said: a number that was corrected still leads to its person
    stated as (
        select landed.institution_code, landed.student_id, landed.id_value as ssn,
        from {{ source("landing", "person_identifier") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        where landed.id_type = 'SSN' and landed._op <> 'D'
        group by landed.institution_code, landed.student_id, landed.id_value
    ),

    standing as (
        select institution_code, student_id, id_value as ssn,
        from {{ ref("stg_person_identifier") }}
        where id_type = 'SSN' and is_current = 'Y' and not is_closed
    ),

    owners as (
        select
            workers.ssn,
            count(distinct student.learner_id) as learners,
            min(student.learner_id) as learner_id,
            count(
                distinct case when standing.ssn is not null then student.learner_id end
            ) as learners_now,
            min(
                case when standing.ssn is not null then student.learner_id end
            ) as learner_now,
        from workers
        inner join stated on workers.ssn = stated.ssn
        left join
            standing
            on stated.institution_code = standing.institution_code
            and stated.student_id = standing.student_id
            and stated.ssn = standing.ssn
        left join
            {{ ref("idn_college_student") }} as student
            on stated.institution_code = student.institution_code
            and stated.student_id = student.student_id
        group by workers.ssn
    )

select
    workers.ssn,
    case
        when owners.learners_now = 1
        then owners.learner_now
        when owners.learners_now = 0 and owners.learners = 1
        then owners.learner_id
    end as learner_id,
    case
        when owners.ssn is null
        then 'unknown'
        when owners.learners = 0
        then 'held'
        when owners.learners_now = 1
        then 'current'
        when owners.learners_now = 0 and owners.learners = 1
        then 'earlier'
        else 'contested'
    end as outcome,
from workers
left join owners on workers.ssn = owners.ssn
