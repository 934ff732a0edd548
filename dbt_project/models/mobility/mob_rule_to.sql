with
    given as (
        select
            rule.sender_code,
            rule.rule_id,
            rule.rule_version,
            rule.institution_code as target_code,
            rule.institution_code = rule.sender_code as is_system_wide,
            rule.alternative,
            rule.member_seq,
            rule.subject,
            rule.course_number,
            rule.credits,
            rule.credit_unit,
            {{ counted_in("rule.credit_unit") }} as counts_in,
            {{ semester_hours("rule.credits", "rule.credit_unit") }} as semester_hours,
            rule.area_code,
            case
                when rule.course_number <> 'ELEC' and rule.course_number not like '%XX'
                then 'DIRECT'
                when rule.area_code is not null
                then 'AREA'
                else 'ELECTIVE'
            end as counts_as,
        from {{ ref("clr_course_equivalency") }} as rule
        where rule.side = 'TO'
    )

select
    sender_code,
    rule_id,
    rule_version,
    target_code,
    is_system_wide,
    row_number() over whole_in_order as place,
    subject,
    course_number,
    credits,
    credit_unit,
    semester_hours,
    area_code,
    counts_as,
    max(counts_in) over whole as counts_in,
    -- credit of one rule in several units cannot be added up
    case
        when
            min(counts_in) over whole = max(counts_in) over whole
            and count(counts_in) over whole = count(*) over whole
        then sum(coalesce(semester_hours, credits)) over whole
    end as total_credits,
    max(case counts_as when 'DIRECT' then 0 when 'AREA' then 1 else 2 end) over whole
    as least_specific,
from given
window
    whole as (partition by sender_code, rule_id, rule_version, target_code),
    whole_in_order as (
        partition by sender_code, rule_id, rule_version, target_code
        order by alternative, member_seq
    )
