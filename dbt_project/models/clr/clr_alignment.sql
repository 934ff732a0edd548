with

    targets as (
        select distinct enrolment.achievement_id, course.cip_code, 2020 as cip_version,
        from {{ ref("clr_fact_section_enrolment") }} as enrolment
        inner join {{ ref("clr_course") }} as course using (course_id)
        where course.cip_code is not null
        union all
        select distinct
            award.achievement_id,
            award.cip_code,
            coalesce(program.cip_version, 2020) as cip_version
        from {{ ref("clr_fact_award") }} as award
        left join {{ ref("clr_program") }} as program using (program_id)
        union all
        select distinct achievement_id, cip_code, 2020 as cip_version
        from {{ ref("clr_fact_noncredit") }}
        where cip_code is not null
    ),

    -- one target an achievement: an award's programme may have changed its CIP
    -- edition since
    cip_targets as (
        select achievement_id, cip_code, max(cip_version) as cip_version,
        from targets
        group by achievement_id, cip_code
    )

select
    cip_targets.achievement_id,
    'https://nces.ed.gov/ipeds/cipcode/cipdetail.aspx?y='
    || case when cip_targets.cip_version = 2010 then '55' else '56' end
    || '&cip='
    || cip_targets.cip_code as target_url,
    coalesce(cip.title, 'CIP ' || cip_targets.cip_code) as target_name,
    cip_targets.cip_code as target_code,
    'Classification of Instructional Programs '
    || cip_targets.cip_version as target_framework,
    'ext:CIP' as target_type,
from cip_targets
left join {{ ref("cip") }} as cip on cip_targets.cip_code = cip.code
union all
select distinct
    achievement_id,
    'https://credentialengineregistry.org/resources/' || ctid as target_url,
    title as target_name,
    ctid as target_code,
    'Credential Transparency Description Language' as target_framework,
    'ceterms:Credential' as target_type,
from {{ ref("clr_fact_award") }}
where ctid is not null and {{ matches("ctid", "ce-[0-9a-f-]{36}") }}
union all
select distinct
    skill.achievement_id,
    coalesce(
        skill.case_uri,
        framework.url
        || case when framework.url_by_code then skill.skill_code else '' end
    ) as target_url,
    skill.skill_name as target_name,
    skill.skill_code as target_code,
    coalesce(framework.name, skill.framework) as target_framework,
    case
        when skill.case_uri is not null then 'CFItem' else framework.target_type
    end as target_type,
from {{ ref("clr_fact_skill") }} as skill
left join {{ ref("skill_framework") }} as framework using (framework)
where skill.case_uri is not null or framework.url is not null
