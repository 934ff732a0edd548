-- Hand-maintained. A person takes a programme up again by a further position of the dates; the
-- status of a period is the newest one dated in it. Terms come from dates.
with calendar as (
    select terms_id as term, day_of(term_start_date) as begins
    from terms
    where term_reporting_term is null or term_reporting_term = terms_id
),

period as (
    select
        s.*,
        unnest(range(1, greatest(len(multi(s.stpr_start_date)), 1) + 1)) as position,
    from student_programs as s
),

dated as (
    select
        p.*,
        day_of(multi(p.stpr_start_date)[p.position]) as begins,
        day_of(multi(p.stpr_end_date)[p.position]) as ends,
        day_of(multi(p.stpr_start_date)[p.position - 1]) as next_begins,
        list_zip(multi(p.stpr_status), multi(p.stpr_status_date)) as statuses,
    from period as p
),

standing as (
    select
        d.*,
        coalesce(
            list_filter(
                d.statuses,
                lambda s: day_of(s[2]) >= d.begins
                and (d.next_begins is null or day_of(s[2]) < d.next_begins)
            )[1][1],
            newest(d.stpr_status)
        ) as status_code,
    from dated as d
)

select
    split_part(s.student_programs_id, '*', 1) as student_id,
    split_part(s.student_programs_id, '*', 2) as program_code,
    coalesce(
        (
            select arg_max(c.term, c.begins) from calendar as c
            where c.begins <= s.begins
        ),
        s.begins
    ) as start_term,
    (select arg_max(c.term, c.begins) from calendar as c where c.begins <= s.ends)
        as end_term,
    coalesce(status.value, s.status_code) as status,
    coalesce(level.value, s.stpr_acad_level, 'UG') as level,
    multi(s.stpr_catalog)[s.position] as catalog_term,
    multi(s.stpr_concentration)[s.position] as concentration,
    (
        select arg_max(c.term, c.begins) from calendar as c
        where c.begins <= day_of(multi(s.stpr_ant_cmpl_date)[s.position])
    ) as expected_grad_term,
    s._line,
    s._file,
from standing as s
left join setting_program_statuses as status on s.status_code = status.code
left join setting_acad_levels as level on s.stpr_acad_level = level.code
