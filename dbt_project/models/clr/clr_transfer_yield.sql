with

    used as (
        select
            target_code,
            target_counts_in,
            source_record_key,
            sender_code,
            rule_id,
            rule_version,
            alternative,
            given_by,
            members,
            place,
            yield_group,
        from {{ ref("mob_combination") }}
        union all by name
        select
            single.target_code,
            single.target_counts_in,
            single.source_record_key,
            single.sender_code,
            single.rule_id,
            single.rule_version,
            single.alternative,
            single.given_by,
            1 as members,
            1 as place,
            single.source_record_key as yield_group,
        from {{ ref("mob_single") }} as single
        anti join
            {{ ref("mob_combination") }} as combined
            on single.target_code = combined.target_code
            and single.target_counts_in = combined.target_counts_in
            and single.source_record_key = combined.source_record_key
    ),

    counted as (
        select
            used.target_code,
            used.target_counts_in,
            used.source_record_key,
            -- what a rule gives beyond its courses stands with the first of them
            case
                when given.place > used.members
                then given.place - used.members + 1
                else 1
            end as part,
            used.rule_id,
            used.rule_version,
            used.alternative,
            used.yield_group,
            given.counts_as,
            given.subject as as_subject,
            given.course_number as as_number,
            given.area_code,
            given.credits,
            given.credit_unit as given_unit,
        from used
        left join
            {{ ref("mob_rule_to") }} as given
            on used.sender_code = given.sender_code
            and used.rule_id = given.rule_id
            and used.rule_version = given.rule_version
            and used.given_by = given.target_code
            and (
                used.place = given.place
                or (used.place = 1 and used.members < given.place)
            )
    ),

    -- of rules that were not enough: the one that came nearest
    fulfilled as (
        select
            target_code,
            target_counts_in,
            learner_id,
            sender_code,
            rule_id,
            rule_version,
            alternative,
            given_by,
            count(distinct member_seq) as members_held,
        from {{ ref("mob_match") }}
        where members > 1 and is_in_force and is_grade_met
        group by all
    ),

    tried as (
        select
            target_code,
            target_counts_in,
            source_record_key,
            rule_id,
            rule_version,
            alternative,
            case
                when not match.is_in_force
                then 'not_in_force'
                when not match.is_grade_met
                then 'grade_too_low'
                when fulfilled.members_held = match.members
                then 'used_otherwise'
                else 'other_course_missing'
            end as reason,
        from {{ ref("mob_match") }} as match
        left join
            fulfilled using (
                target_code,
                target_counts_in,
                learner_id,
                sender_code,
                rule_id,
                rule_version,
                alternative,
                given_by
            )
    ),

    nearest as (
        select
            *,
            row_number() over (
                partition by target_code, target_counts_in, source_record_key
                order by
                    case
                        reason
                        when 'grade_too_low'
                        then 1
                        when 'used_otherwise'
                        then 2
                        when 'other_course_missing'
                        then 3
                        else 4
                    end asc,
                    rule_id asc,
                    rule_version desc,
                    alternative asc
            ) as place,
        from tried
    ),

    placed as (
        select
            brought.*,
            counted.* exclude (target_code, target_counts_in, source_record_key),
            counted.source_record_key is not null as is_by_rule,
            counted.source_record_key is null
            and brought.common_credits is not null as is_common_number,
        from {{ ref("mob_record") }} as brought
        left join
            counted
            on brought.target_code = counted.target_code
            and brought.target_counts_in = counted.target_counts_in
            and brought.source_record_key = counted.source_record_key
    ),

    codes as (
        select system_code, bool_or(uses_transfer_codes) as uses_transfer_codes
        from {{ ref("clr_transfer_target") }}
        group by system_code
    ),

    joined as (
        select
            placed.target_code,
            placed.target_college,
            placed.target_counts_in as counts_in,
            placed.source_record_key,
            coalesce(placed.part, 1) as part,
            placed.learner_id,
            placed.institution_code as from_institution_code,
            placed.record_kind,
            placed.earned_credit,
            placed.credit_unit,
            placed.is_by_rule or placed.is_common_number as is_counted,
            case
                when placed.is_by_rule or placed.is_common_number
                then null
                when placed.bar is not null
                then placed.bar
                when nearest.reason is not null
                then nearest.reason
                when placed.common_course_id is not null
                then 'other_unit'
                else 'no_rule'
            end as reason,
            case
                when placed.is_by_rule
                then 'rule'
                when placed.is_common_number
                then 'common_number'
            end as basis,
            case
                when placed.is_by_rule
                then 'assured'
                when not placed.is_common_number
                then null
                when not codes.uses_transfer_codes or placed.transfer_code = 'A'
                then 'assured'
                when placed.transfer_code = 'B'
                then 'some_programs'
                else 'receiver_decides'
            end as certainty,
            coalesce(placed.rule_id, nearest.rule_id) as rule_id,
            coalesce(placed.rule_version, nearest.rule_version) as rule_version,
            coalesce(placed.alternative, nearest.alternative) as alternative,
            placed.yield_group,
            {% for name, common, by_rule in [
                (
                    "yield_group",
                    "placed.source_record_key",
                    "placed.yield_group",
                ),
                ("counts_as", "'DIRECT'", "placed.counts_as"),
                ("as_subject", "placed.subject", "placed.as_subject"),
                ("as_number", "placed.course_number", "placed.as_number"),
                ("area_code", "placed.statewide_area", "placed.area_code"),
                (
                    "credits",
                    "placed.earned_credit",
                    "coalesce(placed.credits, 0)",
                ),
                ("given_unit", "placed.credit_unit", "placed.given_unit"),
            ] %}
                case
                    when placed.is_common_number then {{ common }} else {{ by_rule }}
                end as {{ name }},
            {% endfor %}
        from placed
        left join
            nearest
            on placed.target_code = nearest.target_code
            and placed.target_counts_in = nearest.target_counts_in
            and placed.source_record_key = nearest.source_record_key
            and nearest.place = 1
            and not placed.is_by_rule
            and not placed.is_common_number
        left join codes on placed.system_code = codes.system_code
    ),

    -- a course is not given where the learner has it already
    held_there as (
        select
            joined.target_code,
            joined.counts_in,
            joined.source_record_key,
            joined.part,
            'already_there' as lost,
        from joined
        inner join
            {{ ref("mob_attempt") }} as own
            on joined.learner_id = own.learner_id
            and joined.target_college = own.institution_code
            and joined.as_subject = own.subject
            and joined.as_number = own.course_number
            and own.bar is null
        where joined.counts_as = 'DIRECT'
    ),

    -- nor twice
    given_by_rule as (
        select target_code, counts_in, learner_id, as_subject, as_number
        from joined
        where basis = 'rule' and counts_as = 'DIRECT'
        group by all
    ),

    in_order as (
        select
            joined.target_code,
            joined.counts_in,
            joined.source_record_key,
            joined.part,
            row_number() over (
                partition by
                    joined.target_code,
                    joined.counts_in,
                    joined.learner_id,
                    joined.as_subject,
                    joined.as_number
                order by
                    joined.basis, joined.rule_id, joined.source_record_key, joined.part
            ) as place,
        from joined
        inner join
            given_by_rule using (
                target_code, counts_in, learner_id, as_subject, as_number
            )
        where joined.counts_as = 'DIRECT'
    ),

    withheld as (
        select *
        from held_there
        union all by name
        select target_code, counts_in, source_record_key, part, 'given_already' as lost,
        from in_order
        where place > 1
    ),

    not_given as (
        select target_code, counts_in, source_record_key, part, min(lost) as lost
        from withheld
        group by all
    ),

    settled as (
        select joined.*, not_given.lost,
        from joined
        left join
            not_given
            on joined.target_code = not_given.target_code
            and joined.counts_in = not_given.counts_in
            and joined.source_record_key = not_given.source_record_key
            and joined.part = not_given.part
    )

select
    learner_id,
    target_code,
    counts_in,
    source_record_key,
    cast(part as integer) as part,
    from_institution_code,
    record_kind,
    -- once, however many parts it yields
    cast(
        case when part = 1 then earned_credit else 0 end as decimal(7, 3)
    ) as earned_credit,
    credit_unit,
    is_counted and lost is null as is_counted,
    coalesce(reason, lost) as reason,
    basis,
    case when lost is null then certainty end as certainty,
    rule_id,
    rule_version,
    alternative,
    yield_group,
    counts_as,
    as_subject,
    as_number,
    area_code,
    cast(case when lost is null then credits else 0 end as decimal(9, 3)) as credits,
    given_unit,
    case
        when not is_counted
        then cast(0 as decimal(9, 3))
        when lost is not null
        then cast(0 as decimal(9, 3))
        else {{ semester_hours("credits", "coalesce(given_unit, 'SH')") }}
    end as semester_hours,
from settled
