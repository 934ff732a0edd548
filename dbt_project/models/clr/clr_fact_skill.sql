with

    skills as (
        select
            skill.*,
            person.learner_id,
            case
                when {{ is_web_address("skill.case_uri") }} then skill.case_uri
            end as web_uri,
        from {{ ref("stg_skill_assertion") }} as skill
        left join
            {{ ref("idn_college_student") }} as person
            on skill.institution_code = person.institution_code
            and skill.student_id = person.student_id
    )

select
    {{
        record_id(
            "skill_assertion",
            ["institution_code", "student_id", "skill_assertion_id"],
        )
    }} as source_record_key,
    learner_id,
    institution_code,
    {{
        record_id(
            "skill achievement",
            ["framework", "skill_code", "skill_name", "web_uri"],
        )
    }} as achievement_id,
    framework,
    skill_code,
    skill_name,
    "level",
    score,
    asserted_on,
    asserted_by,
    basis_type,
    web_uri as case_uri,
    {{ lineage() }}
from skills
