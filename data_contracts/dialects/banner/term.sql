-- Hand-maintained. Codes stay text: 202310 is one college's fall and another's spring. A part
-- of a term is a term of its own, unless it is as long as the term.
with parts as (
    select
        p.*,
        t.stvterm_acyr_code,
        p.sobptrm_start_date is null
        or (
            oracle_date(p.sobptrm_start_date) = oracle_date(t.stvterm_start_date)
            and oracle_date(p.sobptrm_end_date) = oracle_date(t.stvterm_end_date)
        ) as is_whole,
    from sobptrm as p
    join stvterm as t on p.sobptrm_term_code = t.stvterm_code
),

census as (
    select sobptrm_term_code as term_code, min(oracle_date(sobptrm_census_date)) as day
    from parts
    where is_whole
    group by sobptrm_term_code
)

select
    t.stvterm_code as term_code,
    t.stvterm_desc as title,
    coalesce(kind.value, t.stvterm_trmt_code, 'SEMESTER') as term_type,
    oracle_date(t.stvterm_start_date) as start_date,
    oracle_date(t.stvterm_end_date) as end_date,
    ending_year(t.stvterm_acyr_code) as academic_year_end,
    census.day as census_date,
    oracle_date(t.stvterm_grades_final_date) as grades_final_on,
    t.stvterm_parent_code as parent_term_code,
    t._line,
    t._file,
from stvterm as t
left join setting_term_types as kind on t.stvterm_trmt_code = kind.code
left join census on t.stvterm_code = census.term_code
where t.stvterm_code not in ('000000', '999999')

union all

select
    p.sobptrm_term_code || '-' || p.sobptrm_ptrm_code as term_code,
    p.sobptrm_desc as title,
    'MINI' as term_type,
    oracle_date(p.sobptrm_start_date) as start_date,
    oracle_date(p.sobptrm_end_date) as end_date,
    ending_year(p.stvterm_acyr_code) as academic_year_end,
    oracle_date(p.sobptrm_census_date) as census_date,
    oracle_date(p.sobptrm_grades_final_date) as grades_final_on,
    p.sobptrm_term_code as parent_term_code,
    p._line,
    p._file,
from parts as p
where not p.is_whole
