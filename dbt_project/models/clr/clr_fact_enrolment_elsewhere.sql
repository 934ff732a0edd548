with

    senders as (
        select opeid6
        from {{ ref("institution") }}
        where opeid6 is not null
        group by all
    ),

    told as (
        select elsewhere.*, person.learner_id, senders.opeid6 is not null as is_sender,
        from {{ ref("stg_enrollment_elsewhere") }} as elsewhere
        left join
            {{ ref("idn_college_student") }} as person
            on elsewhere.institution_code = person.institution_code
            and elsewhere.student_id = person.student_id
        left join senders on substr(elsewhere.college_code, 1, 6) = senders.opeid6
    )

select
    {{
        record_id(
            "enrollment_elsewhere",
            [
                "institution_code",
                "student_id",
                "college_code",
                "enrollment_begin",
                "enrollment_end",
            ],
        )
    }} as source_record_key,
    learner_id,
    institution_code,
    college_code,
    college_name,
    college_state,
    college_level,
    college_control,
    is_sender,
    enrollment_begin as enrolment_begin,
    enrollment_end as enrolment_end,
    enrollment_status as enrolment_status,
    class_level,
    major_1,
    cip_1,
    major_2,
    cip_2,
    source_system,
    searched_on,
    {{ lineage() }}
from told
