-- Hand-maintained. SHRTRIT, SHRTRAM and SHRTRCR say what was brought, SHRTRCE what was given. A
-- course without SHRTRCE is not evaluated yet, unless it was turned down.
with school as (
    select stvsbgi_code as code, any_value(stvsbgi_desc) as name
    from stvsbgi
    group by stvsbgi_code
),

brought as (
    select
        c.*,
        t.shrtrit_sbgi_code as sbgi,
        school.name as source_name,
        m.shrtram_attn_period,
        test.value as test,
    from shrtrcr as c
    join
        shrtrit as t
        on c.shrtrcr_pidm = t.shrtrit_pidm and c.shrtrcr_trit_seq_no = t.shrtrit_seq_no
    left join
        shrtram as m
        on c.shrtrcr_pidm = m.shrtram_pidm
        and c.shrtrcr_trit_seq_no = m.shrtram_trit_seq_no
        and c.shrtrcr_tram_seq_no = m.shrtram_seq_no
    left join school on t.shrtrit_sbgi_code = school.code
    left join setting_test_sources as test on t.shrtrit_sbgi_code = test.code
),

evaluated as (
    select b.* exclude (_file, _line), e.*
    from shrtrce as e
    join
        brought as b
        on e.shrtrce_pidm = b.shrtrcr_pidm
        and e.shrtrce_trit_seq_no = b.shrtrcr_trit_seq_no
        and e.shrtrce_tram_seq_no = b.shrtrcr_tram_seq_no
        and e.shrtrce_trcr_seq_no = b.shrtrcr_seq_no

    union all by name

    select b.*
    from brought as b
    where
        not exists (
            select 1 from shrtrce as e
            where
                e.shrtrce_pidm = b.shrtrcr_pidm
                and e.shrtrce_trit_seq_no = b.shrtrcr_trit_seq_no
                and e.shrtrce_tram_seq_no = b.shrtrcr_tram_seq_no
                and e.shrtrce_trcr_seq_no = b.shrtrcr_seq_no
        )
)

select
    who.student_id,
    concat_ws(
        '-',
        v.shrtrcr_trit_seq_no,
        v.shrtrcr_tram_seq_no,
        v.shrtrcr_seq_no,
        coalesce(v.shrtrce_seq_no, '0')
    ) as transfer_seq,
    coalesce(v.test, 'INSTITUTION') as source_type,
    case when v.test is null then institution_type(v.sbgi) end as source_code_type,
    case when v.test is null then v.sbgi end as source_code,
    v.source_name,
    v.shrtram_attn_period as source_term_text,
    v.shrtrcr_trans_course_name as source_subject,
    v.shrtrcr_trans_course_numbers as source_number,
    v.shrtrcr_tcrse_title as source_title,
    plain_number(v.shrtrcr_trans_credit_hours) as source_credit,
    case
        when coalesce(v.shrtrcr_trans_credit_hours, v.shrtrcr_unit) is not null
            then unit_of(v.shrtrcr_unit)
    end
        as source_credit_unit,
    v.shrtrcr_trans_grade as source_grade,
    coalesce(v.shrtrcr_group, v.shrtrcr_seq_no) as equiv_group,
    case
        when v.shrtrce_seq_no is not null then 'ACCEPTED'
        when v.shrtrcr_reject_reason is not null then 'REJECTED'
        else 'PENDING'
    end as decision,
    v.shrtrcr_reject_reason as reject_reason,
    case
        when v.shrtrce_seq_no is null then 'NONE'
        else coalesce(v.shrtrce_equiv_type, 'DIRECT')
    end as equiv_type,
    v.shrtrce_subj_code as equiv_subject,
    v.shrtrce_crse_numb as equiv_number,
    coalesce(plain_number(v.shrtrce_credit_hours), '0') as accepted_credit,
    unit_of(v.shrtrce_unit) as credit_unit,
    yes_no(v.shrtrce_count_in_gpa_ind) as in_gpa,
    v.shrtrce_applied_ind as applied,
    v.shrtrce_applied_program as applied_program_code,
    plain_number(v.shrtrce_applied_hours) as applied_credit,
    v.shrtrce_rule_id as rule_id,
    oracle_date(coalesce(v.shrtrce_eval_date, v.shrtrcr_eval_date)) as evaluated_on,
    coalesce(v.shrtrce_term_code_eff, v.shrtrcr_term_code_eff) as effective_term,
    v._line,
    v._file,
from evaluated as v
join student_of() as who on v.shrtrcr_pidm = who.pidm
