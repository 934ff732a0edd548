-- Hand-maintained. The indicators say what a grade counts for, not what W, I and AU are. Of the
-- rows for several levels the first counts.
select
    coalesce(mode.value, g.shrgrde_gmod_code, 'STANDARD') as grade_mode,
    g.shrgrde_code as grade_local,
    known_term(g.shrgrde_term_code_effective, g.starts) as valid_from_term,
    coalesce(
        outcome.value, case when is_yes(g.shrgrde_passed_ind) then 'PASS' else 'FAIL' end
    ) as outcome,
    case
        when is_yes(g.shrgrde_gpa_ind) then plain_number(g.shrgrde_quality_points)
    end as grade_points,
    yes_no(g.shrgrde_attempted_ind) as counts_attempted,
    yes_no(g.shrgrde_completed_ind) as counts_earned,
    yes_no(g.shrgrde_gpa_ind) as counts_gpa,
    g.shrgrde_abbrev as title,
    g._line,
    g._file,
from grade_meaning as g
left join setting_grade_modes as mode on g.shrgrde_gmod_code = mode.code
left join setting_grade_outcomes as outcome on g.shrgrde_code = outcome.code
