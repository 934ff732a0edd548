with

    named as (
        select
            person.institution_code,
            person.student_id,
            student.learner_id,
            nullif(trim(person.high_school_code), '') as high_school_code,
            person.high_school_grad_year,
            person.birth_date,
            person.birth_date_quality,
            person._as_of,
        from {{ ref("stg_person") }} as person
        left join
            {{ ref("idn_college_student") }} as student
            on person.institution_code = student.institution_code
            and person.student_id = student.student_id
    ),

    kinds as (
        select
            *,
            case
                when high_school_code is null
                then null
                when {{ matches("high_school_code", "[0-9]{6}") }}
                then 'CEEB'
                else 'OTHER'
            end as high_school_code_kind,
        from named
    )

select
    institution_code,
    student_id,
    learner_id,
    high_school_code,
    high_school_code_kind,
    case
        when high_school_code_kind = 'CEEB'
        then
            {{
                record_id(
                    "high school", ["high_school_code_kind", "high_school_code"]
                )
            }}
        when high_school_code_kind = 'OTHER'
        then {{ record_id("high school", ["institution_code", "high_school_code"]) }}
    end as high_school_id,
    high_school_grad_year,
    case when birth_date_quality = 'FULL' then birth_date end as birth_date,
    _as_of,
from kinds
