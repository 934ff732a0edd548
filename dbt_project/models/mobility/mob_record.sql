with

    attempts as (select * from {{ ref("mob_attempt") }}),

    held as (
        select learner_id, system_code, institution_code from attempts group by all
    ),

    learners as (select learner_id, system_code from held group by all),

    units as (
        select system_code, counts_in from {{ ref("clr_transfer_target") }} group by all
    ),

    -- a college where the learner has nothing yet counts what every other one does
    anywhere as (
        select
            learners.learner_id,
            learners.system_code,
            'SYSTEM:' || learners.system_code as target_code,
            cast(null as varchar) as target_college,
            units.counts_in,
        from learners
        inner join units on learners.system_code = units.system_code
    ),

    several as (
        select learner_id, system_code from held group by all having count(*) > 1
    ),

    named as (
        select distinct
            attempts.learner_id,
            attempts.system_code,
            given.target_code as institution_code,
        from attempts
        inner join
            {{ ref("mob_rule_from") }} as asked
            on attempts.system_code = asked.system_code
            and attempts.subject = asked.subject
            and coalesce(attempts.institution_code = asked.institution_code, true)
            and coalesce(
                attempts.course_number like asked.number_pattern,
                attempts.course_number = asked.course_number
            )
        inner join
            {{ ref("mob_rule_to") }} as given
            on asked.sender_code = given.sender_code
            and asked.rule_id = given.rule_id
            and asked.rule_version = given.rule_version
            and not given.is_system_wide
            and attempts.institution_code <> given.target_code
        where attempts.bar is null
    ),

    particular as (
        select held.learner_id, held.system_code, held.institution_code
        from held
        inner join several using (learner_id, system_code)
        union
        select learner_id, system_code, institution_code
        from named
    ),

    targets as (
        select *
        from anywhere
        union all by name
        select
            particular.learner_id,
            particular.system_code,
            college.institution_code as target_code,
            college.institution_code as target_college,
            college.counts_in,
        from particular
        inner join
            {{ ref("clr_transfer_target") }} as college
            on particular.institution_code = college.institution_code
            and particular.system_code = college.system_code
    ),

    taken_again as (
        select learner_id, system_code, course_key
        from attempts
        where bar is null
        group by all
        having count(*) > 1
    ),

    of_one_course as (
        select
            targets.target_code,
            targets.counts_in,
            attempts.source_record_key,
            bool_or(attempts.institution_code = targets.target_college) over (
                partition by
                    targets.target_code,
                    targets.counts_in,
                    attempts.learner_id,
                    attempts.course_key
            ) as is_held_there,
            row_number() over (
                partition by
                    targets.target_code,
                    targets.counts_in,
                    attempts.learner_id,
                    attempts.course_key
                order by
                    attempts.grade_points desc nulls last,
                    attempts.earned_credit desc,
                    attempts.start_date desc nulls last,
                    attempts.source_record_key asc
            ) as place,
        from attempts
        inner join taken_again using (learner_id, system_code, course_key)
        inner join targets using (learner_id, system_code)
        where attempts.bar is null
    ),

    judged as (
        select
            targets.target_code,
            targets.target_college,
            targets.counts_in as target_counts_in,
            attempts.* exclude (bar, cip_code),
            case
                when attempts.bar is not null
                then attempts.bar
                when again.is_held_there
                then 'already_there'
                when again.place > 1
                then 'repeated'
            end as bar,
        from targets
        inner join attempts using (learner_id, system_code)
        left join
            of_one_course as again
            on targets.target_code = again.target_code
            and targets.counts_in = again.counts_in
            and attempts.source_record_key = again.source_record_key
        where coalesce(attempts.institution_code <> targets.target_college, true)
    )

select
    *,
    case
        when
            bar is null
            and common_course_id is not null
            and counts_in = target_counts_in
        then
            coalesce(
                {{ semester_hours("earned_credit", "credit_unit") }}, earned_credit
            )
    end as common_credits,
from judged
