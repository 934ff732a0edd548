with

    earned as (
        select
            source_record_key,
            'earned' as origin,
            1 as preference,
            learner_id,
            institution_code,
            counts_in,
            subject,
            course_number,
            cip_code,
            statewide_area as area_code,
            {{ counted_credit("earned_credit", "credit_unit") }} as credit,
            grade_points,
            start_date,
            true as is_course,
        from {{ ref("mob_attempt") }}
        where bar is null
    ),

    rule_areas as (
        select
            incoming.source_record_key,
            case
                when
                    count(given.area_code) = count(*)
                    and min(given.area_code) = max(given.area_code)
                then min(given.area_code)
            end as area_code,
        from {{ ref("clr_fact_transfer_credit") }} as incoming
        inner join
            {{ ref("clr_credit_ledger") }} as ledger
            on incoming.source_record_key = ledger.source_record_key
        inner join
            {{ ref("institution") }} as home
            on incoming.institution_code = home.institution_code
        inner join
            {{ ref("clr_course_equivalency") }} as given
            on 'SYSTEM:' || home.system_code = given.sender_code
            and ledger.rule_id = given.rule_id
            and ledger.rule_version = given.rule_version
            and given.side = 'TO'
            and given.institution_code
            in (incoming.institution_code, 'SYSTEM:' || home.system_code)
            and coalesce(incoming.equiv_subject = given.subject, true)
            and coalesce(incoming.equiv_number = given.course_number, true)
        where incoming.decision = 'ACCEPTED'
        group by incoming.source_record_key
    ),

    evaluated as (
        select
            fact.source_record_key,
            fact.learner_id,
            fact.institution_code,
            {{ counted_in("fact.credit_unit") }} as counts_in,
            fact.equiv_group,
            fact.equiv_subject as subject,
            fact.equiv_number as course_number,
            course.cip_code,
            coalesce(rule_areas.area_code, course.statewide_area) as area_code,
            {{ counted_credit("fact.accepted_credit", "fact.credit_unit") }} as credit,
            -- a wildcard stands for different courses
            fact.equiv_type = 'DIRECT'
            and coalesce(
                fact.equiv_number <> 'ELEC' and fact.equiv_number not like '%XX', false
            ) as is_course,
        from {{ ref("clr_fact_transfer_credit") }} as fact
        left join rule_areas on fact.source_record_key = rule_areas.source_record_key
        left join {{ ref("clr_term") }} as term on fact.term_id = term.term_id
        left join
            {{ ref("clr_course") }} as course
            on fact.institution_code = course.institution_code
            and fact.equiv_subject = course.subject
            and fact.equiv_number = course.course_number
            and coalesce(term.start_date, date '9999-12-30') >= course.effective_from
            and coalesce(term.start_date, date '9999-12-30') < course.effective_to
        where
            fact.learner_id is not null
            and fact.decision = 'ACCEPTED'
            and not coalesce(course.is_developmental, false)
    ),

    -- what was evaluated together may give one course in parts
    accepted as (
        select
            min(source_record_key) as source_record_key,
            'accepted' as origin,
            2 as preference,
            learner_id,
            institution_code,
            counts_in,
            subject,
            course_number,
            max(cip_code) as cip_code,
            max(area_code) as area_code,
            cast(sum(credit) as decimal(9, 3)) as credit,
            is_course,
        from evaluated
        where credit > 0
        group by
            learner_id,
            institution_code,
            counts_in,
            subject,
            course_number,
            is_course,
            equiv_group,
            case when not is_course then source_record_key end
    ),

    in_progress as (
        select
            fact.source_record_key,
            'in_progress' as origin,
            3 as preference,
            fact.learner_id,
            fact.institution_code,
            {{ counted_in("fact.credit_unit") }} as counts_in,
            fact.subject,
            fact.course_number,
            course.cip_code,
            course.statewide_area as area_code,
            {{ counted_credit("fact.attempted_credit", "fact.credit_unit") }} as credit,
            fact.start_date,
            true as is_course,
        from {{ ref("clr_fact_section_enrolment") }} as fact
        left join {{ ref("clr_course") }} as course on fact.course_id = course.course_id
        where
            fact.learner_id is not null
            and fact.status = 'in_progress'
            and fact.attempted_credit > 0
            and fact.credit_unit in ('SH', 'QH', 'CLOCK')
            and fact.grade_mode is distinct from 'DEVELOPMENTAL'
            and not coalesce(course.is_developmental, false)
    ),

    held as (
        select *
        from earned
        union all by name
        select *
        from accepted
        union all by name
        select *
        from in_progress
    ),

    -- also of an attempt from before the catalogue
    numbers as (
        select
            institution_code,
            subject,
            course_number,
            max(common_course_id) as common_course_id,
        from {{ ref("clr_course") }}
        where common_course_id is not null
        group by institution_code, subject, course_number
    ),

    named as (
        select
            held.*,
            case
                when held.is_course
                then
                    coalesce(
                        numbers.common_course_id,
                        concat_ws(' ', held.subject, held.course_number)
                    )
                else held.source_record_key
            end as held_as,
        from held
        left join
            numbers
            on held.institution_code = numbers.institution_code
            and held.subject = numbers.subject
            and held.course_number = numbers.course_number
    ),

    placed as (
        select
            *,
            row_number() over (
                partition by learner_id, institution_code, counts_in, held_as
                order by
                    preference asc,
                    credit desc,
                    grade_points desc nulls last,
                    start_date desc nulls last,
                    source_record_key asc
            ) as place,
        from named
    )

select
    source_record_key,
    origin,
    learner_id,
    institution_code,
    counts_in,
    held_as,
    substr(cip_code, 1, 5) as cip_series,
    coalesce(area_code, 'undeclared') as area_code,
    credit,
from placed
where place = 1
