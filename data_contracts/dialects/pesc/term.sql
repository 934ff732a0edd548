select
    pesc_term(designator, suffix, session_name, term_code) as term_code,
    coalesce(
        session_name, pesc_term(designator, suffix, session_name, term_code)
    ) as title,
    coalesce(
        (select m.value from setting_term_type as m where m.code = session_type),
        'SEMESTER'
    ) as term_type,
    coalesce(begin_date, designator || '-01') as start_date,
    coalesce(
        end_date,
        strftime(
            last_day(try_cast(designator || '-01' as date) + interval 3 month), '%Y-%m-%d'
        )
    ) as end_date,
    -- A school year 2025-2026 is the year ending in 2026. Without one, the year runs
    -- from July to June.
    coalesce(
        right(school_year, 4),
        cast(
            year(try_cast(designator || '-01' as date) + interval 6 month) as varchar
        )
    ) as academic_year_end,
    _file,
    _line
from session
where
    getvariable('terms_from_sessions') = 'Y'
    and pesc_is_own(school_name, ipeds, opeid, local_id)
    and pesc_tells_a_term(_file, _line)
