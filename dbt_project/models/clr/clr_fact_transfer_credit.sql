with

    incoming as (select * from {{ ref("stg_transfer_credit") }}),

    joined as (
        select
            incoming.*,
            person.learner_id,
            term.term_id,
            sender.organization_id as source_organization_id,
            -- a wildcard such as 1XX is in no catalogue and takes the sender's title
            coalesce(
                course.title,
                incoming.source_title,
                incoming.equiv_subject || ' ' || incoming.equiv_number,
                'Transfer credit'
            ) as counted_title,
            coalesce(
                incoming.source_title,
                concat_ws(' ', incoming.source_subject, incoming.source_number)
            ) as sent_title,
        from incoming
        left join
            {{ ref("idn_college_student") }} as person
            on incoming.institution_code = person.institution_code
            and incoming.student_id = person.student_id
        left join
            {{ ref("clr_term") }} as term
            on incoming.institution_code = term.institution_code
            and incoming.effective_term = term.term_code
        left join
            {{ ref("idn_sending_organization") }} as sender
            on incoming.source_type = sender.source_type
            and incoming.source_code_type is not distinct from sender.source_code_type
            and incoming.source_code is not distinct from sender.source_code
            and incoming.source_name is not distinct from sender.source_name
        left join
            {{ ref("clr_course") }} as course
            on incoming.institution_code = course.institution_code
            and incoming.equiv_subject = course.subject
            and incoming.equiv_number = course.course_number
            and coalesce(term.start_date, date '9999-12-30') >= course.effective_from
            and coalesce(term.start_date, date '9999-12-30') < course.effective_to
    )

select
    {{
        record_id(
            "transfer_credit", ["institution_code", "student_id", "transfer_seq"]
        )
    }} as source_record_key,
    learner_id,
    institution_code,
    {{
        record_id(
            "transfer achievement",
            ["institution_code", "equiv_subject", "equiv_number", "counted_title"],
        )
    }} as achievement_id,
    case
        when sent_title <> ''
        then
            {{
                record_id(
                    "sent achievement",
                    [
                        "source_organization_id",
                        "source_subject",
                        "source_number",
                        "sent_title",
                    ],
                )
            }}
    end as sent_achievement_id,
    source_organization_id,
    term_id,
    source_type,
    source_subject,
    source_number,
    sent_title as source_title,
    source_credit,
    source_credit_unit,
    source_grade,
    equiv_group,
    decision,
    reject_reason,
    equiv_type,
    equiv_subject,
    equiv_number,
    counted_title,
    accepted_credit,
    credit_unit,
    applied = 'Y' as is_applied,
    applied_program_code,
    applied_credit,
    rule_id,
    evaluated_on,
    {{ lineage() }}
from joined
