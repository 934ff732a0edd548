with used as (
    select
        pesc_mode(grade_mode, status, credit_basis, credit_units, scale_code) as mode,
        grade,
        _file,
        _line
    from course
    where
        grade is not null
        and pesc_is_taught(school_name, ipeds, opeid, local_id, credit_basis, source_type)
        and pesc_counts(school_level, credit_basis, status)
        and coalesce(designator, term_code) is not null
),

first_use as (
    select
        mode,
        grade,
        min_by(_file, (_file, _line)) as _file,
        min_by(_line, (_file, _line)) as _line
    from used
    group by all
)

select
    first_use.mode as grade_mode,
    first_use.grade as grade_local,
    pesc_first_term() as valid_from_term,
    scheme.outcome,
    scheme.grade_points,
    scheme.counts_attempted,
    scheme.counts_earned,
    scheme.counts_gpa,
    scheme.title,
    first_use._file,
    first_use._line
from first_use
inner join pesc_grade_scheme() as scheme
    on first_use.mode = scheme.grade_mode
    and first_use.grade = scheme.grade_local
