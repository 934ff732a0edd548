-- Hand-maintained. Colleague's grades are valid at all times: from the first term on.
with first as (
    select arg_min(terms_id, day_of(term_start_date)) as term
    from terms
    where term_reporting_term is null or term_reporting_term = terms_id
)

select
    coalesce(mode.value, g.grd_grade_scheme) as grade_mode,
    g.grd_grade as grade_local,
    first.term as valid_from_term,
    coalesce(
        outcome.value,
        case when yes_no(g.grd_cmpl_cred_flag) = 'Y' then 'PASS' else 'FAIL' end
    ) as outcome,
    case
        when yes_no(g.grd_gpa_cred_flag) = 'Y' then number_of(g.grd_value)
    end as grade_points,
    yes_no(g.grd_att_cred_flag) as counts_attempted,
    yes_no(g.grd_cmpl_cred_flag) as counts_earned,
    yes_no(g.grd_gpa_cred_flag) as counts_gpa,
    g.grd_legend as title,
    g._line,
    g._file,
from grades as g
cross join first
left join setting_grade_schemes as mode on g.grd_grade_scheme = mode.code
left join setting_grade_outcomes as outcome on g.grd_grade = outcome.code
