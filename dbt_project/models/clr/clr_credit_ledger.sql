with

    taken as (
        select
            fact.source_record_key,
            fact.learner_id,
            fact.institution_code,
            fact.term_id,
            'course' as record_kind,
            cast(null as varchar) as from_record_key,
            case
                when fact.status in ('in_progress', 'not_recorded')
                then fact.status
                when coalesce(fact.earned_credit, 0) > 0
                then 'earned'
                else 'not_earned'
            end as stage,
            case
                when
                    fact.status not in ('in_progress', 'not_recorded', 'completed')
                    and coalesce(fact.earned_credit, 0) = 0
                then fact.status
            end as reason,
            fact.credit_unit,
            fact.attempted_credit,
            cast(coalesce(fact.earned_credit, 0) as decimal(7, 3)) as earned_credit,
        from {{ ref("clr_fact_section_enrolment") }} as fact
    ),

    incoming as (
        select fact.*, sender.institution_code as sender_code, home.system_code,
        from {{ ref("clr_fact_transfer_credit") }} as fact
        inner join
            {{ ref("institution") }} as home
            on fact.institution_code = home.institution_code
        left join
            {{ ref("clr_organization") }} as sender
            on fact.source_organization_id = sender.organization_id
    ),

    -- the attempt that was sent: passed rather than not, else the last
    origins as (
        select
            incoming.source_record_key,
            attempt.source_record_key as from_record_key,
            row_number() over (
                partition by incoming.source_record_key
                order by
                    coalesce(attempt.earned_credit, 0) desc,
                    attempt.start_date desc nulls last,
                    attempt.source_record_key asc
            ) as place,
        from incoming
        inner join
            {{ ref("clr_fact_section_enrolment") }} as attempt
            on incoming.learner_id = attempt.learner_id
            and incoming.sender_code = attempt.institution_code
            and incoming.source_subject = attempt.subject
            and incoming.source_number = attempt.course_number
    ),

    versions as (
        select distinct
            rule.sender_code,
            rule.rule_id,
            rule.rule_version,
            rule.valid_from,
            coalesce(rule.valid_to, date '9999-12-31') as valid_to,
        from {{ ref("clr_course_equivalency") }} as rule
        where rule.status in ('ACTIVE', 'RETIRED') and rule.side = 'FROM'
    ),

    used as (
        select incoming.source_record_key, max(versions.rule_version) as rule_version,
        from incoming
        inner join
            versions
            on 'SYSTEM:' || incoming.system_code = versions.sender_code
            and incoming.rule_id = versions.rule_id
            and incoming.evaluated_on >= versions.valid_from
            and incoming.evaluated_on <= versions.valid_to
        group by incoming.source_record_key
    ),

    -- what was evaluated together is lost together, and stands with the first row
    lost as (
        select
            min(source_record_key) as source_record_key,
            {% for unit, sent, accepted in [
                (
                    "hours",
                    semester_hours("source_credit", "source_credit_unit"),
                    "case when accepted_credit = 0 then 0 else "
                    ~ semester_hours("accepted_credit", "credit_unit")
                    ~ " end",
                ),
                (
                    "clock_hours",
                    "case when source_credit_unit = 'CLOCK' then source_credit end",
                    "case when credit_unit = 'CLOCK' or accepted_credit = 0 "
                    ~ "then accepted_credit end",
                ),
            ] %}
                case
                    when
                        count({{ accepted }}) = count(*)
                        and count({{ sent }}) = count(source_credit)
                    then greatest(sum({{ sent }}) - sum({{ accepted }}), 0)
                end as lost_{{ unit }},
            {% endfor %}
        from incoming
        where decision <> 'PENDING' and learner_id is not null
        group by institution_code, learner_id, equiv_group
    ),

    brought as (
        select
            incoming.source_record_key,
            incoming.learner_id,
            incoming.institution_code,
            incoming.term_id,
            'transfer' as record_kind,
            origins.from_record_key,
            case
                when incoming.decision <> 'ACCEPTED'
                then lower(incoming.decision)
                when incoming.is_applied
                then 'applied'
                else 'accepted'
            end as stage,
            case
                when incoming.decision = 'REJECTED'
                then coalesce(incoming.reject_reason, 'not_said')
                when coalesce(lost.lost_hours, lost.lost_clock_hours) > 0
                then 'less_given'
                when incoming.decision = 'ACCEPTED' and not incoming.is_applied
                then 'not_applied'
            end as reason,
            incoming.credit_unit,
            incoming.source_credit as sent_credit,
            incoming.source_credit_unit as sent_unit,
            case
                when incoming.decision = 'PENDING' then 0 else incoming.source_credit
            end as evaluated_credit,
            incoming.accepted_credit,
            coalesce(incoming.applied_credit, 0) as applied_credit,
            coalesce(lost.lost_hours, lost.lost_clock_hours) as lost_credit,
            case
                when lost.lost_hours is not null
                then 'SH'
                when lost.lost_clock_hours is not null
                then 'CLOCK'
            end as lost_unit,
            incoming.rule_id,
            used.rule_version,
            incoming.evaluated_on,
        from incoming
        left join
            origins
            on incoming.source_record_key = origins.source_record_key
            and origins.place = 1
        left join lost on incoming.source_record_key = lost.source_record_key
        left join used on incoming.source_record_key = used.source_record_key
    ),

    entries as (
        select *
        from taken
        union all by name
        select *
        from brought
    )

select
    source_record_key,
    record_kind,
    learner_id,
    institution_code,
    term_id,
    from_record_key,
    stage,
    reason,
    credit_unit,
    attempted_credit,
    earned_credit,
    sent_credit,
    sent_unit,
    cast(evaluated_credit as decimal(7, 3)) as evaluated_credit,
    accepted_credit,
    cast(applied_credit as decimal(7, 3)) as applied_credit,
    cast(lost_credit as decimal(9, 3)) as lost_credit,
    lost_unit,
    rule_id,
    rule_version,
    evaluated_on,
from entries
