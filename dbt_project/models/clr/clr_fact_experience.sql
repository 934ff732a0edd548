with

    sent as (
        select
            experience.*,
            {{
                record_id(
                    "experience",
                    [
                        "experience.institution_code",
                        "experience.student_id",
                        "experience.experience_id",
                    ],
                )
            }} as source_record_key,
            person.learner_id,
            term.term_id,
            term.start_date as term_start,
            term.end_date as term_end,
        from {{ ref("stg_experience") }} as experience
        left join
            {{ ref("idn_college_student") }} as person
            on experience.institution_code = person.institution_code
            and experience.student_id = person.student_id
        left join
            {{ ref("clr_term") }} as term
            on experience.institution_code = term.institution_code
            and experience.term_code = term.term_code
    ),

    -- one practice a section, however many local attributes say so
    practices as (
        select
            institution_code,
            {{ term_id("institution_code", "term_code") }} as term_id,
            section_id,
            hip_code,
            max(milestone) as milestone,
        from {{ ref("stg_section_attribute") }}
        where framework = 'HIP' and hip_code is not null
        group by institution_code, term_code, section_id, hip_code
    ),

    coded as (
        select
            enrolment.* exclude (source_record_key, achievement_id),
            {{
                record_id(
                    "practice",
                    ["enrolment.source_record_key", "practices.hip_code"],
                )
            }} as source_record_key,
            practices.hip_code,
            practices.milestone,
        from {{ ref("clr_fact_section_enrolment") }} as enrolment
        inner join practices using (institution_code, term_id, section_id)
        where enrolment.status = 'completed'
    )

select
    source_record_key,
    learner_id,
    institution_code,
    'experience' as origin,
    {{
        record_id(
            "experience achievement",
            ["institution_code", "experience_type", "title", "organization"],
        )
    }} as achievement_id,
    experience_type,
    title,
    organization,
    term_id,
    section_id,
    cast(null as bigint) as milestone,
    coalesce(start_date, term_start) as start_date,
    coalesce(end_date, term_end) as end_date,
    hours,
    verification,
    evidence_url,
    {{ lineage() }}
from sent
union all
select
    coded.source_record_key,
    coded.learner_id,
    coded.institution_code,
    'section_attribute' as origin,
    {{
        record_id(
            "practice achievement",
            ["coded.institution_code", "coded.hip_code", "coded.milestone"],
        )
    }} as achievement_id,
    coded.hip_code as experience_type,
    kind.name || ' in ' || coded.subject || ' ' || coded.course_number as title,
    null as organization,
    coded.term_id,
    coded.section_id,
    coded.milestone,
    coded.start_date,
    coded.end_date,
    null as hours,
    'REGISTRAR' as verification,
    null as evidence_url,
    coded.recorded_at,
    coded.package_id,
    coded.file_sha256,
    coded.file_name,
    coded.line,
    coded.contract_version,
from coded
left join {{ ref("experience_type") }} as kind on coded.hip_code = kind.code
