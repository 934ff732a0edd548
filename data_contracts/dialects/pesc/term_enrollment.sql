with stated as (
    select
        *,
        pesc_term(designator, suffix, session_name, term_code) as term,
        pesc_level(level) as our_level
    from summary
    where
        pesc_sums_up(
            school_name, ipeds, opeid, local_id,
            designator, term_code, summary_type, has_sender
        )
),

ordered as (
    select
        *,
        row_number() over (
            partition by _file, student_id, term, our_level
            order by _line
        ) as place
    from stated
),

-- One term in several sessions, one summary each: together they are the term.
summed as (
    select
        _file,
        student_id,
        term,
        our_level,
        count(*) as sessions,
        cast(sum(try_cast(attempted as decimal(18, 3))) as varchar) as attempted,
        cast(sum(try_cast(earned as decimal(18, 3))) as varchar) as earned,
        cast(sum(try_cast(gpa_hours as decimal(18, 3))) as varchar) as gpa_hours,
        cast(sum(try_cast(points as decimal(18, 3))) as varchar) as points
    from ordered
    group by all
)

select
    own.student_id,
    own.term as term_code,
    own.our_level as level,
    own.student_type,
    coalesce(
        own.dual_enrollment, case when own.our_level = 'DE' then 'Y' else 'N' end
    ) as dual_enrollment,
    own.residency,
    case when summed.sessions > 1 then summed.attempted else own.attempted end as attempted,
    case when summed.sessions > 1 then summed.earned else own.earned end as earned,
    case when summed.sessions > 1 then summed.gpa_hours else own.gpa_hours end as gpa_credits,
    case when summed.sessions > 1 then summed.points else own.points end as quality_points,
    case when summed.sessions = 1 then own.average end as term_gpa,
    own.cumulative as cum_gpa,
    own.standing as academic_standing,
    pesc_unit(own.unit) as credit_unit,
    own.updated_at as record_updated_at,
    own._file,
    own._line
from ordered as own
inner join summed
    on own._file = summed._file
    and own.student_id is not distinct from summed.student_id
    and own.term is not distinct from summed.term
    and own.our_level = summed.our_level
where own.place = 1
