-- Hand-maintained. The census day of a term may be that of its locations only.
with located as (
    select
        split_part(terms_locations_id, '*', 1) as term,
        min(day_of(newest(tloc_census_dates))) as census,
    from terms_locations
    group by all
)

select
    t.terms_id as term_code,
    t.term_desc as title,
    coalesce(kind.value, t.term_session, 'SEMESTER') as term_type,
    day_of(t.term_start_date) as start_date,
    day_of(t.term_end_date) as end_date,
    coalesce(
        (
            try_cast(t.term_reporting_year as integer)
            + getvariable('reporting_year_offset')
        )::varchar,
        t.term_reporting_year
    ) as academic_year_end,
    coalesce(day_of(newest(t.term_census_dates)), located.census) as census_date,
    day_of(t.term_grades_final_date) as grades_final_on,
    nullif(t.term_reporting_term, t.terms_id) as parent_term_code,
    t._line,
    t._file,
from terms as t
left join setting_term_types as kind on t.term_session = kind.code
left join located on t.terms_id = located.term
