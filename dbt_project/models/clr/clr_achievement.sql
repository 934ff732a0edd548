with

    colleges as (
        select institution_code, organization_id, name
        from {{ ref("clr_organization") }}
        where institution_code is not null
    ),

    taken as (
        select
            achievement_id,
            min(institution_code) as institution_code,
            min(subject || ' ' || course_number) as human_code,
            min(title) as name,
            min(course_id) as course_id,
        from {{ ref("clr_fact_section_enrolment") }}
        group by achievement_id
    ),

    courses as (
        select
            taken.achievement_id,
            'course' as kind,
            taken.institution_code,
            colleges.organization_id as creator_organization_id,
            'Course' as achievement_type,
            taken.name,
            taken.human_code || ', a course of ' || colleges.name || '.' as description,
            'Meet the requirements of '
            || taken.human_code
            || ' as graded by '
            || colleges.name
            || '.' as criteria_narrative,
            taken.human_code,
            cip.title as field_of_study,
            null as specialization,
            case
                when course.credit_unit in ('SH', 'QH')
                then cast(course.credit_max as decimal(7, 3))
            end as credits_available,
            {{
                texts(
                    [
                        "case when course.is_developmental then 'developmental' end",
                        "'general education area ' || course.statewide_area",
                        "'common course ' || course.common_course_id",
                    ]
                )
            }} as tags,
            course.recorded_at,
        from taken
        inner join colleges using (institution_code)
        left join {{ ref("clr_course") }} as course using (course_id)
        left join {{ ref("cip") }} as cip on course.cip_code = cip.code
    ),

    counted as (
        select
            achievement_id,
            min(institution_code) as institution_code,
            min(nullif(concat_ws(' ', equiv_subject, equiv_number), '')) as human_code,
            min(counted_title) as name,
        from {{ ref("clr_fact_transfer_credit") }}
        group by achievement_id
    ),

    transfers as (
        select
            counted.achievement_id,
            'transfer' as kind,
            counted.institution_code,
            colleges.organization_id as creator_organization_id,
            'Course' as achievement_type,
            counted.name,
            'Transfer credit accepted by '
            || colleges.name
            || coalesce(' as ' || counted.human_code, '')
            || '.' as description,
            'Credit earned elsewhere and evaluated by '
            || colleges.name
            || '.' as criteria_narrative,
            counted.human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            ['transfer'] as tags,
            null as recorded_at,
        from counted
        inner join colleges using (institution_code)
    ),

    sent as (
        select
            fact.sent_achievement_id as achievement_id,
            min(fact.source_organization_id) as creator_organization_id,
            min(
                nullif(concat_ws(' ', fact.source_subject, fact.source_number), '')
            ) as human_code,
            min(fact.source_title) as name,
            min(sender.name) as sender_name,
        from {{ ref("clr_fact_transfer_credit") }} as fact
        inner join
            {{ ref("clr_organization") }} as sender
            on fact.source_organization_id = sender.organization_id
        where fact.sent_achievement_id is not null
        group by fact.sent_achievement_id
    ),

    sent_courses as (
        select
            achievement_id,
            'sent_course' as kind,
            null as institution_code,
            creator_organization_id,
            'Course' as achievement_type,
            name,
            coalesce(human_code || ', c', 'C')
            || 'redit earned at '
            || sender_name
            || '.' as description,
            'Meet the requirements of ' || sender_name || '.' as criteria_narrative,
            human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            {{ no_texts() }} as tags,
            null as recorded_at,
        from sent
    ),

    conferred as (
        select
            achievement_id,
            min(institution_code) as institution_code,
            min(program_code) as program_code,
            min(award_level) as award_level,
            min(credential_type) as credential_type,
            min(title) as name,
            min(cip_code) as cip_code,
            min(concentration) as concentration,
        from {{ ref("clr_fact_award") }}
        group by achievement_id
    ),

    awards as (
        select
            conferred.achievement_id,
            'award' as kind,
            conferred.institution_code,
            colleges.organization_id as creator_organization_id,
            case
                when conferred.award_level = '3'
                then 'AssociateDegree'
                when conferred.award_level = '5'
                then 'BachelorDegree'
                when conferred.award_level = '7'
                then 'MasterDegree'
                when conferred.award_level = '17'
                then 'ResearchDoctorate'
                when conferred.award_level = '18'
                then 'ProfessionalDoctorate'
                when conferred.award_level = '19'
                then 'DoctoralDegree'
                when conferred.credential_type like 'DIP%'
                then 'Diploma'
                else 'Certificate'
            end as achievement_type,
            conferred.name,
            conferred.credential_type
            || ' of '
            || colleges.name
            || coalesce(' in ' || cip.title, '')
            || '.' as description,
            'Meet the requirements of programme '
            || conferred.program_code
            || ' of '
            || colleges.name
            || '.' as criteria_narrative,
            conferred.program_code as human_code,
            cip.title as field_of_study,
            conferred.concentration as specialization,
            null as credits_available,
            {{ no_texts() }} as tags,
            null as recorded_at,
        from conferred
        inner join colleges using (institution_code)
        left join {{ ref("cip") }} as cip on conferred.cip_code = cip.code
    ),

    offered as (
        select
            achievement_id,
            min(institution_code) as institution_code,
            min(offering_id) as offering_id,
            min(title) as name,
            min(cip_code) as cip_code,
        from {{ ref("clr_fact_noncredit") }}
        group by achievement_id
    ),

    offerings as (
        select
            offered.achievement_id,
            'noncredit' as kind,
            offered.institution_code,
            colleges.organization_id as creator_organization_id,
            'CertificateOfCompletion' as achievement_type,
            offered.name,
            'Workforce or continuing education at '
            || colleges.name
            || '.' as description,
            'Complete the offering as '
            || colleges.name
            || ' requires.' as criteria_narrative,
            offered.offering_id as human_code,
            cip.title as field_of_study,
            null as specialization,
            null as credits_available,
            {{ no_texts() }} as tags,
            null as recorded_at,
        from offered
        inner join colleges using (institution_code)
        left join {{ ref("cip") }} as cip on offered.cip_code = cip.code
    ),

    certified as (
        select
            fact.certification_achievement_id as achievement_id,
            min(fact.certification_organization_id) as creator_organization_id,
            min(fact.industry_credential) as name,
            min(issuer.name) as issuer_name,
        from {{ ref("clr_fact_noncredit") }} as fact
        inner join
            {{ ref("clr_organization") }} as issuer
            on fact.certification_organization_id = issuer.organization_id
        where fact.certification_achievement_id is not null
        group by fact.certification_achievement_id
    ),

    certifications as (
        select
            achievement_id,
            'certification' as kind,
            null as institution_code,
            creator_organization_id,
            'Certification' as achievement_type,
            name,
            'Industry credential of ' || issuer_name || '.' as description,
            'Meet the requirements of ' || issuer_name || '.' as criteria_narrative,
            null as human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            {{ no_texts() }} as tags,
            null as recorded_at,
        from certified
    ),

    lived as (
        select
            achievement_id,
            min(origin) as origin,
            min(institution_code) as institution_code,
            min(experience_type) as experience_type,
            min(practice_id) as practice_id,
            min(category) as category,
            min(title) as title,
            min(organization) as organization,
            min(milestone) as milestone,
        from {{ ref("clr_fact_experience") }}
        group by achievement_id
    ),

    -- without an entry in force an experience has the name of the last one, no meaning
    named as (
        select
            lived.*,
            coalesce(entry.name, last_entry.name, lived.experience_type) as kind_name,
            entry.definition,
            coalesce(entry.achievement_type, 'CoCurricular') as achievement_type,
            category.name as category_name,
        from lived
        left join
            {{ ref("clr_practice") }} as entry on lived.practice_id = entry.practice_id
        left join
            {{ ref("clr_practice") }} as last_entry
            on lived.experience_type = last_entry.code
            and last_entry.is_latest
        left join
            {{ ref("experience_category") }} as category
            on lived.category = category.code
    ),

    experiences as (
        select
            named.achievement_id,
            case
                when named.origin = 'experience' then 'experience' else 'practice'
            end as kind,
            named.institution_code,
            colleges.organization_id as creator_organization_id,
            case
                when named.origin = 'experience'
                then named.achievement_type
                else 'ext:HighImpactPractice'
            end as achievement_type,
            case
                when named.origin = 'experience'
                then named.title
                else named.kind_name || coalesce(', stage ' || named.milestone, '')
            end as name,
            named.kind_name
            || coalesce(' with ' || named.organization, '')
            || ', recorded by '
            || colleges.name
            || '.'
            || coalesce(' ' || named.definition, '') as description,
            'Take part as ' || colleges.name || ' requires.' as criteria_narrative,
            null as human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            named.category,
            {{ texts(["named.kind_name", "named.category_name"]) }} as tags,
            null as recorded_at,
        from named
        inner join colleges using (institution_code)
    ),

    asserted as (
        select
            achievement_id,
            min(framework) as framework,
            min(skill_code) as skill_code,
            min(skill_name) as name,
        from {{ ref("clr_fact_skill") }}
        group by achievement_id
    ),

    skills as (
        select
            asserted.achievement_id,
            'skill' as kind,
            null as institution_code,
            null as creator_organization_id,
            'Competency' as achievement_type,
            asserted.name,
            'A skill of '
            || coalesce(framework.name, asserted.framework)
            || '.' as description,
            'Show the skill to who asserts it.' as criteria_narrative,
            asserted.skill_code as human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            [coalesce(framework.name, asserted.framework)] as tags,
            null as recorded_at,
        from asserted
        left join
            {{ ref("framework") }} as framework on asserted.framework = framework.code
    ),

    badged as (
        select
            achievement_id,
            min(issuer_organization_id) as creator_organization_id,
            min(platform) as platform,
            min(badge_class_id) as badge_class_id,
            min(badge_name) as name,
            min(skills) as skills,
        from {{ ref("clr_fact_badge") }}
        group by achievement_id
    ),

    badges as (
        select
            badged.achievement_id,
            'badge' as kind,
            null as institution_code,
            badged.creator_organization_id,
            'Badge' as achievement_type,
            badged.name,
            'Badge of '
            || issuer.name
            || ' on '
            || badged.platform
            || '.' as description,
            'Meet the criteria of ' || issuer.name || '.' as criteria_narrative,
            badged.badge_class_id as human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            {{ parts_of("badged.skills", ";") }} as tags,
            null as recorded_at,
        from badged
        inner join
            {{ ref("clr_organization") }} as issuer
            on badged.creator_organization_id = issuer.organization_id
    ),

    averaged as (
        select
            achievement_id,
            min(institution_code) as institution_code,
            min(level) as level,
        from {{ ref("clr_fact_term_enrolment") }}
        group by achievement_id
    ),

    standings as (
        select
            averaged.achievement_id,
            'standing' as kind,
            averaged.institution_code,
            colleges.organization_id as creator_organization_id,
            'Achievement' as achievement_type,
            'Cumulative grade point average' as name,
            'Cumulative average at '
            || colleges.name
            || ', level '
            || averaged.level
            || '.' as description,
            'Computed by '
            || colleges.name
            || ' over its own courses.' as criteria_narrative,
            null as human_code,
            null as field_of_study,
            null as specialization,
            null as credits_available,
            {{ no_texts() }} as tags,
            null as recorded_at,
        from averaged
        inner join colleges using (institution_code)
    )

{% for step in [
        "courses",
        "transfers",
        "sent_courses",
        "awards",
        "offerings",
        "certifications",
        "experiences",
        "skills",
        "badges",
        "standings",
    ] %}
    select * from {{ step }} {{ "union all by name" if not loop.last }}
{% endfor %}
