-- Hand-maintained.
with keyed as (
    select
        t.*,
        split_part(t.student_terms_id, '*', 1) as person,
        split_part(t.student_terms_id, '*', 2) as term,
        split_part(t.student_terms_id, '*', 3) as acad_level,
    from student_terms as t
)

select
    k.person as student_id,
    nullif(k.term, '') as term_code,
    coalesce(level.value, nullif(k.acad_level, '')) as level,
    k.sttr_student_type as student_type,
    case
        when k.acad_level in (select code from setting_dual_levels) then 'Y' else 'N'
    end as dual_enrollment,
    k.sttr_residency as residency,
    number_of(k.sttr_att_cred) as attempted,
    number_of(k.sttr_cmpl_cred) as earned,
    number_of(k.sttr_gpa_cred) as gpa_credits,
    number_of(k.sttr_grade_pts) as quality_points,
    plain_number(k.sttr_term_gpa) as term_gpa,
    plain_number(k.sttr_cum_gpa) as cum_gpa,
    k.sttr_acad_standing as academic_standing,
    coalesce(unit.value, k.sttr_cred_type, 'SH') as credit_unit,
    k._line,
    k._file,
from keyed as k
left join setting_acad_levels as level on k.acad_level = level.code
left join setting_credit_types as unit on k.sttr_cred_type = unit.code
