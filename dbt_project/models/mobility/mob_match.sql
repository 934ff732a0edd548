with

    brought as (select * from {{ ref("mob_record") }} where bar is null),

    asked as (select * from {{ ref("mob_rule_from") }}),

    {% set as_asked -%}
        on brought.system_code = asked.system_code
        and brought.subject = asked.subject
        and coalesce(brought.institution_code = asked.institution_code, true)
    {%- endset %}
    {% set columns -%}
        brought.target_code,
        brought.target_college,
        brought.target_counts_in,
        brought.learner_id,
        brought.system_code,
        brought.source_record_key,
        brought.grade_points,
        brought.earned_credit,
        brought.start_date,
        brought.common_credits,
        asked.* exclude (
            system_code, institution_code, subject, course_number, number_pattern,
            min_grade, min_points
        ),
        asked.min_grade is null
        or brought.grade = asked.min_grade
        or coalesce(brought.grade_points >= asked.min_points, false) as is_grade_met,
    {%- endset %}

    fitting as (
        select {{ columns }}
        from brought
        inner join
            asked
            {{ as_asked }}
            and brought.course_number = asked.course_number
            and asked.number_pattern is null
        union all
        select {{ columns }}
        from brought
        inner join
            asked {{ as_asked }} and brought.course_number like asked.number_pattern
    )

select
    fitting.* exclude (system_code, target_college),
    given.target_code as given_by,
    given.is_system_wide,
    given.least_specific,
    coalesce(given.total_credits, 0) as total_credits,
from fitting
inner join
    {{ ref("mob_rule_to") }} as given
    on fitting.sender_code = given.sender_code
    and fitting.rule_id = given.rule_id
    and fitting.rule_version = given.rule_version
    and given.place = 1
    and (
        (given.is_system_wide and fitting.target_counts_in = given.counts_in)
        or fitting.target_college = given.target_code
    )
