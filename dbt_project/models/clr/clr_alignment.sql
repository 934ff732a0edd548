{%- set crosswalk = "NCES and BLS: CIP 2020 to SOC 2018 crosswalk" -%}

with

    -- one edition an achievement: an award's programme may have changed its own since
    studied as (
        select
            achievement_id,
            cip_code,
            case when max(cip_version) = 2010 then 2010 else 2020 end as cip_version,
            min(source) as source,
            bool_or(is_program) as is_program,
        from
            (
                select
                    enrolment.achievement_id,
                    course.cip_code,
                    2020 as cip_version,
                    'course.cip_code' as source,
                    false as is_program,
                from {{ ref("clr_fact_section_enrolment") }} as enrolment
                inner join {{ ref("clr_course") }} as course using (course_id)
                union all
                select
                    award.achievement_id,
                    award.cip_code,
                    coalesce(program.cip_version, 2020) as cip_version,
                    'credential_award.cip_code' as source,
                    true as is_program,
                from {{ ref("clr_fact_award") }} as award
                left join {{ ref("clr_program") }} as program using (program_id)
                union all
                select
                    achievement_id,
                    cip_code,
                    2020 as cip_version,
                    'noncredit_completion.cip_code' as source,
                    true as is_program,
                from {{ ref("clr_fact_noncredit") }}
            )
        where cip_code is not null
        group by achievement_id, cip_code
    ),

    told_occupations as (
        select distinct achievement_id, soc_code
        from {{ ref("clr_fact_noncredit") }}
        where soc_code is not null
    ),

    -- what the college says of its own offering stands before the crosswalk
    occupations as (
        select achievement_id, soc_code, 'noncredit_completion.soc_code' as source
        from told_occupations
        union all
        select studied.achievement_id, pair.soc_code, '{{ crosswalk }}' as source,
        from studied
        inner join {{ ref("cip_soc") }} as pair on studied.cip_code = pair.cip_code
        anti join told_occupations using (achievement_id)
        where studied.is_program and studied.cip_version = 2020
    ),

    registered as (
        select
            award.achievement_id,
            coalesce(award.ctid, program.ctid) as ctid,
            min(award.title) as title,
            min(
                case
                    when award.ctid is null
                    then 'program.ctid'
                    else 'credential_award.ctid'
                end
            ) as source,
        from {{ ref("clr_fact_award") }} as award
        left join {{ ref("clr_program") }} as program using (program_id)
        where {{ matches("coalesce(award.ctid, program.ctid)", "ce-[0-9a-f-]{36}") }}
        group by award.achievement_id, coalesce(award.ctid, program.ctid)
    ),

    lived as (
        select distinct achievement_id, institution_code, practice_id, category
        from {{ ref("clr_fact_experience") }}
    ),

    declared as (
        select
            studied.achievement_id,
            'CIP' || studied.cip_version as framework,
            studied.cip_code as target_code,
            coalesce(cip.title, 'CIP ' || studied.cip_code) as target_name,
            studied.source,
        from studied
        left join {{ ref("cip") }} as cip on studied.cip_code = cip.code
        union all by name
        select
            occupations.achievement_id,
            'SOC2018' as framework,
            occupations.soc_code as target_code,
            coalesce(soc.title, 'SOC ' || occupations.soc_code) as target_name,
            occupations.source,
        from occupations
        left join {{ ref("soc") }} as soc on occupations.soc_code = soc.code
        union all by name
        select
            achievement_id,
            'CTDL' as framework,
            ctid as target_code,
            title as target_name,
            source,
        from registered
        union all by name
        select distinct
            skill.achievement_id,
            case
                when skill.case_uri is null then skill.framework else 'CASE'
            end as framework,
            skill.skill_code as target_code,
            skill.skill_name as target_name,
            case
                when skill.case_uri is null
                then 'skill_assertion.skill_code'
                else 'skill_assertion.case_uri'
            end as source,
            skill.case_uri as item_url,
            skill.framework as item_framework,
        from {{ ref("clr_fact_skill") }} as skill
        union all by name
        select
            lived.achievement_id,
            'EXPERIENCE' as framework,
            lived.category as target_code,
            category.name as target_name,
            'practice.csv' as source,
            system.url as system_url,
        from lived
        inner join
            {{ ref("experience_category") }} as category
            on lived.category = category.code
        inner join
            {{ ref("clr_organization") }} as college
            on lived.institution_code = college.institution_code
        inner join
            {{ ref("clr_organization") }} as system
            on college.parent_organization_id = system.organization_id
        union all by name
        select distinct
            lived.achievement_id,
            built.framework,
            built.skill_code as target_code,
            skill.name as target_name,
            'practice_skill.csv: ' || built.source as source,
        from lived
        inner join {{ ref("clr_practice") }} as practice using (practice_id)
        inner join
            {{ ref("practice_skill") }} as built
            on practice.code = built.code
            and practice.valid_from is not distinct from built.practice_valid_from
        inner join
            {{ ref("skill") }} as skill
            on built.framework = skill.framework
            and built.skill_code = skill.code
    )

-- a skill under a framework that nobody has described has no address to point at
select
    declared.achievement_id,
    coalesce(
        declared.item_url,
        replace(
            replace(framework.url, '{code}', declared.target_code),
            '{system}',
            coalesce(declared.system_url, '')
        )
    ) as target_url,
    declared.target_code,
    declared.target_name,
    coalesce(
        nullif(concat_ws(' ', own.name, own.version), ''), declared.item_framework
    ) as target_framework,
    own.version as framework_version,
    framework.target_type,
    declared.source,
from declared
inner join {{ ref("framework") }} as framework on declared.framework = framework.code
left join
    {{ ref("framework") }} as own
    on coalesce(declared.item_framework, declared.framework) = own.code
