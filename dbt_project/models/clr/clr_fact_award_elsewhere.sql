with

    senders as (
        select opeid6
        from {{ ref("institution") }}
        where opeid6 is not null
        group by all
    ),

    told as (
        select elsewhere.*, person.learner_id, senders.opeid6 is not null as is_sender,
        from {{ ref("stg_award_elsewhere") }} as elsewhere
        left join
            {{ ref("idn_college_student") }} as person
            on elsewhere.institution_code = person.institution_code
            and elsewhere.student_id = person.student_id
        left join senders on substr(elsewhere.college_code, 1, 6) = senders.opeid6
    )

select
    {{
        record_id(
            "award_elsewhere",
            ["institution_code", "student_id", "college_code", "awarded_on", "title"],
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
    awarded_on,
    title,
    major_1,
    cip_1,
    major_2,
    cip_2,
    major_3,
    cip_3,
    major_4,
    cip_4,
    source_system,
    searched_on,
    {{ lineage() }}
from told
