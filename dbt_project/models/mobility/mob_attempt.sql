with

    courses as (
        select
            fact.source_record_key,
            'course' as record_kind,
            fact.learner_id,
            fact.institution_code,
            fact.subject,
            fact.course_number,
            fact.status,
            fact.grade,
            fact.grade_points,
            coalesce(fact.earned_credit, 0) as earned_credit,
            fact.credit_unit,
            fact.start_date,
            course.common_course_id,
            course.statewide_area,
            course.transfer_code,
            course.cip_code,
            case
                when fact.status <> 'completed'
                then 'not_completed'
                when
                    coalesce(fact.earned_credit, 0) = 0
                    or fact.credit_unit not in ('SH', 'QH', 'CLOCK')
                then 'no_credit'
                when course.is_developmental or fact.grade_mode = 'DEVELOPMENTAL'
                then 'developmental'
            end as bar,
        from {{ ref("clr_fact_section_enrolment") }} as fact
        left join {{ ref("clr_course") }} as course on fact.course_id = course.course_id
        where fact.learner_id is not null and fact.status <> 'not_recorded'
    ),

    brought_in as (
        select
            fact.source_record_key,
            'transfer' as record_kind,
            fact.learner_id,
            fact.institution_code,
            fact.source_subject as subject,
            fact.source_number as course_number,
            fact.source_grade as grade,
            coalesce(fact.source_credit, 0) as earned_credit,
            fact.source_credit_unit as credit_unit,
            sender.system_code as sender_system_code,
        from {{ ref("clr_fact_transfer_credit") }} as fact
        left join
            {{ ref("clr_organization") }} as sender
            on fact.source_organization_id = sender.organization_id
        where fact.learner_id is not null
    )

select
    courses.source_record_key,
    courses.record_kind,
    courses.learner_id,
    home.system_code,
    courses.institution_code,
    courses.subject,
    courses.course_number,
    courses.grade,
    courses.grade_points,
    courses.earned_credit,
    courses.credit_unit,
    {{ counted_in("courses.credit_unit") }} as counts_in,
    courses.start_date,
    courses.common_course_id,
    courses.statewide_area,
    courses.transfer_code,
    courses.cip_code,
    coalesce(
        courses.common_course_id,
        concat_ws(' ', courses.institution_code, courses.subject, courses.course_number)
    ) as course_key,
    courses.bar,
from courses
inner join
    {{ ref("institution") }} as home on courses.institution_code = home.institution_code
union all by name
-- what a college of the system sent is on the record there already
select
    brought_in.* exclude (sender_system_code),
    home.system_code,
    {{ counted_in("brought_in.credit_unit") }} as counts_in,
    'evaluated_anew' as bar,
from brought_in
inner join
    {{ ref("institution") }} as home
    on brought_in.institution_code = home.institution_code
where brought_in.sender_system_code is distinct from home.system_code
