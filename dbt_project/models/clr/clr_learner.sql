with

    people as (
        select
            student.learner_id,
            student.institution_code,
            student.changed_at,
            concat_ws(
                ' ',
                person.first_name,
                person.middle_name,
                person.last_name,
                case
                    when person.suffix in ('JR', 'SR')
                    then upper(person.suffix[1]) || lower(person.suffix[2:])
                    else person.suffix
                end
            ) as full_name,
            person._as_of as named_at,
            withheld.learner_id is not null as is_withheld,
        from {{ ref("idn_college_student") }} as student
        left join
            {{ ref("stg_person") }} as person
            on student.institution_code = person.institution_code
            and student.student_id = person.student_id
        left join
            {{ ref("idn_withheld") }} as withheld
            on student.institution_code = withheld.institution_code
            and student.learner_id = withheld.learner_id
    ),

    systems as (select institution_code, system_code from {{ ref("institution") }}),

    summed as (
        select
            people.learner_id,
            {{ collected("people.institution_code") }} as institution_codes,
            min(systems.system_code) as system_code,
            max(people.changed_at) as changed_at,
            -- of a college that withholds the record the name is withheld too
            max_by(
                people.full_name,
                {{ sortable("people.named_at") }}
                || people.institution_code
                || people.full_name
            ) filter (
                where
                    not people.is_withheld
                    and people.named_at is not null
                    and people.full_name <> ''
            ) as name_on_record,
        from people
        left join systems using (institution_code)
        group by people.learner_id
    )

select
    learner.learner_id,
    learner.status,
    case
        when learner.status = 'merged_into' then learner.merged_into_learner_id
    end as merged_into_learner_id,
    coalesce(summed.institution_codes, {{ no_texts() }}) as institution_codes,
    summed.system_code,
    {{ record_id("clr", ["learner.learner_id"]) }} as clr_id,
    summed.changed_at,
    summed.name_on_record,
from {{ source("identity", "learner") }} as learner
left join summed using (learner_id)
