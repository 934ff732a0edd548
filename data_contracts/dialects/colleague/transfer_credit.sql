-- Hand-maintained. What was accepted is a row of STUDENT.ACAD.CRED that names its row of
-- EXTERNAL.TRANSCRIPTS; what nothing was given for is only the latter.
with accepted as (
    select
        s.*,
        stc_action(s.stc_status) as action,
    from student_acad_cred as s
    where is_transfer(s.stc_status)
),

evaluation as (
    select * from student_equiv_evals
    qualify row_number() over (partition by student_equiv_evals_id) = 1
),

transcript as (
    select * from external_transcripts
    qualify row_number() over (partition by external_transcripts_id) = 1
),

rows_of_both as (
    select
        s.stc_person_id as person,
        coalesce(
            substr(x.external_transcripts_id, strpos(x.external_transcripts_id, '*') + 1),
            s.student_acad_cred_id
        ) as seq,
        'ACCEPTED' as decision,
        s.stc_course_name as course,
        number_of(s.stc_cmpl_cred) as credit,
        s.stc_cred_type as cred_type,
        s.stc_term as given_for_term,
        s.student_acad_cred_id as own_id,
        s.action,
        x.* exclude (_line, _file),
        s._line,
        s._file,
    from accepted as s
    left join transcript as x on s.stc_external_transcript = x.external_transcripts_id
    where s.action = '8' or x.external_transcripts_id is not null
    union all by name
    select
        split_part(x.external_transcripts_id, '*', 1) as person,
        substr(x.external_transcripts_id, strpos(x.external_transcripts_id, '*') + 1)
            as seq,
        coalesce(verdict.value, x.extl_status, 'PENDING') as decision,
        '0' as credit,
        x.*,
    from external_transcripts as x
    left join setting_transcript_statuses as verdict on x.extl_status = verdict.code
    where
        x.external_transcripts_id not in (
            select a.stc_external_transcript
            from accepted as a
            where a.stc_external_transcript is not null
        )
)

select
    r.person as student_id,
    r.seq as transfer_seq,
    coalesce(
        r.extl_source_type,
        case when r.action = '8' then 'OTHER' else 'INSTITUTION' end
    ) as source_type,
    case
        when r.extl_institution is not null then coalesce(r.extl_inst_code_type, 'LOCAL')
    end as source_code_type,
    r.extl_institution as source_code,
    r.extl_inst_name as source_name,
    r.extl_term as source_term_text,
    subject_of(r.extl_course) as source_subject,
    number_after(r.extl_course) as source_number,
    r.extl_title as source_title,
    number_of(r.extl_cred) as source_credit,
    coalesce(source_unit.value, r.extl_cred_type) as source_credit_unit,
    r.extl_grade as source_grade,
    coalesce(
        nullif(split_part(r.extl_equiv_eval, '*', 2), ''), r.extl_equiv_eval, r.own_id
    ) as equiv_group,
    r.decision,
    r.extl_reject_reason as reject_reason,
    case
        when r.decision <> 'ACCEPTED' then 'NONE'
        when e.ste_type is not null then e.ste_type
        when r.action = '7' then 'DIRECT'
        else 'ELECTIVE'
    end as equiv_type,
    subject_of(r.course) as equiv_subject,
    number_after(r.course) as equiv_number,
    r.credit as accepted_credit,
    coalesce(unit.value, r.cred_type, 'SH') as credit_unit,
    'N' as in_gpa,
    e.ste_applied as applied,
    e.ste_applied_program as applied_program_code,
    number_of(e.ste_applied_cred) as applied_credit,
    e.ste_rule as rule_id,
    day_of(e.ste_date) as evaluated_on,
    coalesce(e.ste_eff_term, r.given_for_term) as effective_term,
    r._line,
    r._file,
from rows_of_both as r
left join evaluation as e on r.extl_equiv_eval = e.student_equiv_evals_id
left join setting_credit_types as unit on r.cred_type = unit.code
left join setting_credit_types as source_unit on r.extl_cred_type = source_unit.code
