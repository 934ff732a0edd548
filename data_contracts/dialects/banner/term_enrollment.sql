-- Hand-maintained. The institution's own line of a term; and terms that are registered for
-- but not in academic history yet.
with verdict as (
    select *
    from shrttrm
    qualify
        row_number() over (
            partition by shrttrm_pidm, shrttrm_term_code order by _line desc
        )
        = 1
),

booked as (
    select
        sfrstcr_pidm as pidm,
        sfrstcr_term_code as term,
        sum(hours(sfrstcr_credit_hr)) as credit,
    from registration
    where is_enrolled or is_withdrawn
    group by sfrstcr_pidm, sfrstcr_term_code
)

select
    who.student_id,
    g.shrtgpa_term_code as term_code,
    coalesce(level.value, g.shrtgpa_levl_code) as level,
    s.styp_code as student_type,
    is_dual(level.value, s.styp_code) as dual_enrollment,
    s.resd_code as residency,
    plain_number(g.shrtgpa_hours_attempted) as attempted,
    plain_number(g.shrtgpa_hours_earned) as earned,
    plain_number(g.shrtgpa_gpa_hours) as gpa_credits,
    plain_number(g.shrtgpa_quality_points) as quality_points,
    plain_number(g.shrtgpa_gpa) as term_gpa,
    plain_number(g.shrtgpa_cum_gpa) as cum_gpa,
    v.shrttrm_astd_code_end_of_term as academic_standing,
    unit_of(g.shrtgpa_unit) as credit_unit,
    g._line,
    g._file,
from shrtgpa as g
join student_of() as who on g.shrtgpa_pidm = who.pidm
left join standing as s on g.shrtgpa_pidm = s.pidm and g.shrtgpa_term_code = s.term
left join verdict as v
    on g.shrtgpa_pidm = v.shrttrm_pidm and g.shrtgpa_term_code = v.shrttrm_term_code
left join setting_levels as level on g.shrtgpa_levl_code = level.code
where g.shrtgpa_gpa_type_ind = 'I'

union all

select
    who.student_id,
    b.sfbetrm_term_code as term_code,
    coalesce(level.value, s.levl_code, 'UG') as level,
    s.styp_code as student_type,
    is_dual(level.value, s.styp_code) as dual_enrollment,
    s.resd_code as residency,
    coalesce(booked.credit, 0)::varchar as attempted,
    '0' as earned,
    '0' as gpa_credits,
    '0' as quality_points,
    null as term_gpa,
    plain_number(b.sfbetrm_cum_gpa) as cum_gpa,
    null as academic_standing,
    unit_of(b.sfbetrm_unit) as credit_unit,
    b._line,
    b._file,
from sfbetrm as b
join student_of() as who on b.sfbetrm_pidm = who.pidm
left join standing as s on b.sfbetrm_pidm = s.pidm and b.sfbetrm_term_code = s.term
left join booked on b.sfbetrm_pidm = booked.pidm and b.sfbetrm_term_code = booked.term
left join setting_levels as level on s.levl_code = level.code
where
    not exists (
        select 1 from shrtgpa as g
        where
            g.shrtgpa_pidm = b.sfbetrm_pidm
            and g.shrtgpa_term_code = b.sfbetrm_term_code
            and g.shrtgpa_gpa_type_ind = 'I'
    )
