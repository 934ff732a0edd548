{%- set points = {
    "A+": "4.0",
    "A": "4.0",
    "A-": "3.7",
    "B+": "3.3",
    "B": "3.0",
    "B-": "2.7",
    "C+": "2.3",
    "C": "2.0",
    "C-": "1.7",
    "D+": "1.3",
    "D": "1.0",
    "D-": "0.7",
} -%}

with
    days as (
        select system_code, max(asked_on) as asked_on
        from {{ ref("clr_transfer_target") }}
        group by system_code
    ),

    members as (
        select
            rule.sender_code,
            system.system_code,
            rule.rule_id,
            rule.rule_version,
            rule.alternative,
            rule.member_seq,
            case
                when rule.institution_code <> rule.sender_code
                then rule.institution_code
            end as institution_code,
            rule.subject,
            rule.course_number,
            case
                when rule.course_number = 'ELEC'
                then '%'
                when rule.course_number like '%XX'
                then replace(rule.course_number, 'X', '_')
            end as number_pattern,
            case
                when rule.min_grade not in ('P', 'S', 'CR') then rule.min_grade
            end as min_grade,
            case
                rule.min_grade
                {% for grade, value in points.items() %}
                    when '{{ grade }}' then cast({{ value }} as decimal(5, 3))
                {% endfor %}
            end as min_points,
            rule.status = 'ACTIVE'
            and rule.valid_from <= target.asked_on
            and coalesce(rule.valid_to >= target.asked_on, true) as is_in_force,
        from {{ ref("clr_course_equivalency") }} as rule
        inner join
            {{ ref("institution") }} as system
            on rule.sender_code = system.institution_code
            and system.kind = 'system'
        inner join days as target on system.system_code = target.system_code
        where rule.side = 'FROM'
    )

select
    sender_code,
    system_code,
    rule_id,
    rule_version,
    alternative,
    member_seq,
    institution_code,
    subject,
    course_number,
    number_pattern,
    min_grade,
    min_points,
    bool_and(is_in_force) over (
        partition by sender_code, rule_id, rule_version
    ) as is_in_force,
    count(*) over (
        partition by sender_code, rule_id, rule_version, alternative
    ) as members,
    -- two members that ask for the same want two courses: the best and the next
    row_number() over (
        partition by
            sender_code,
            rule_id,
            rule_version,
            alternative,
            institution_code,
            subject,
            course_number
        order by member_seq
    ) as place_among_same,
from members
