{%- set origin -%}
    recorded_at, package_id, file_sha256, file_name, line, contract_version,
{%- endset %}

with

    sent as (
        select
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
            experience.institution_code,
            'experience' as origin,
            experience.experience_type,
            experience.title,
            experience.organization,
            term.term_id,
            experience.section_id,
            coalesce(experience.start_date, term.start_date) as start_date,
            coalesce(experience.end_date, term.end_date) as end_date,
            experience.hours,
            experience.verification,
            experience.evidence_url,
            {{ lineage("experience") }}
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
            attribute.institution_code,
            term.term_id,
            attribute.section_id,
            attribute.hip_code,
            max(attribute.milestone) as milestone,
        from {{ ref("stg_section_attribute") }} as attribute
        inner join
            {{ ref("clr_term") }} as term
            on attribute.institution_code = term.institution_code
            and attribute.term_code = term.term_code
        where attribute.framework = 'HIP' and attribute.hip_code is not null
        group by
            attribute.institution_code,
            term.term_id,
            attribute.section_id,
            attribute.hip_code
    ),

    -- who left the section, failed it or is still in it has not completed the practice
    coded as (
        select
            {{
                record_id(
                    "practice",
                    ["enrolment.source_record_key", "practices.hip_code"],
                )
            }} as source_record_key,
            enrolment.learner_id,
            enrolment.institution_code,
            'section_attribute' as origin,
            practices.hip_code as experience_type,
            enrolment.subject || ' ' || enrolment.course_number as course,
            enrolment.term_id,
            enrolment.section_id,
            practices.milestone,
            enrolment.start_date,
            enrolment.end_date,
            'REGISTRAR' as verification,
            enrolment.recorded_at,
            enrolment.package_id,
            enrolment.file_sha256,
            enrolment.file_name,
            enrolment.line,
            enrolment.contract_version,
        from {{ ref("clr_fact_section_enrolment") }} as enrolment
        inner join practices using (institution_code, term_id, section_id)
        where enrolment.status = 'completed'
    ),

    lived as (
        select *
        from sent
        union all by name
        select *
        from coded
    ),

    dated as (
        select
            *,
            coalesce(
                start_date, end_date, {{ local_date("recorded_at", "'UTC'") }}
            ) as judged_on,
        from lived
    ),

    listed as (
        select
            dated.*,
            practice.practice_id,
            practice.category as listed_category,
            last_entry.practice_id is not null as is_known,
            coalesce(
                practice.name, last_entry.name, dated.experience_type
            ) as kind_name,
        from dated
        left join
            {{ ref("clr_practice") }} as practice
            on dated.experience_type = practice.code
            and dated.judged_on >= coalesce(practice.valid_from, date '0001-01-01')
            and dated.judged_on <= coalesce(practice.valid_to, date '9999-12-31')
        left join
            {{ ref("clr_practice") }} as last_entry
            on dated.experience_type = last_entry.code
            and last_entry.is_latest
    )

select
    source_record_key,
    learner_id,
    institution_code,
    origin,
    case
        when origin = 'experience'
        then
            {{
                record_id(
                    "experience achievement",
                    [
                        "institution_code",
                        "experience_type",
                        "title",
                        "organization",
                        "practice_id",
                    ],
                )
            }}
        else
            {{
                record_id(
                    "practice achievement",
                    [
                        "institution_code",
                        "experience_type",
                        "milestone",
                        "practice_id",
                    ],
                )
            }}
    end as achievement_id,
    experience_type,
    practice_id,
    coalesce(listed_category, 'uncategorised') as category,
    case
        when listed_category is not null
        then null
        when not is_known
        then 'unlisted'
        when practice_id is null
        then 'outside_dates'
        else 'undecided'
    end as category_gap,
    judged_on,
    coalesce(title, kind_name || ' in ' || course) as title,
    organization,
    term_id,
    section_id,
    milestone,
    start_date,
    end_date,
    "hours",
    verification,
    evidence_url,
    {{ origin }}
from listed
