-- Hand-maintained.
with calendar as (
    select terms_id as term, day_of(term_start_date) as begins
    from terms
    where term_reporting_term is null or term_reporting_term = terms_id
),

dated as (
    select
        p.*,
        (
            select arg_max(c.term, c.begins) from calendar as c
            where c.begins <= day_of(p.acpg_start_date)
        ) as since,
        (
            select arg_max(c.term, c.begins) from calendar as c
            where c.begins <= day_of(p.acpg_end_date)
        ) as until,
        (select arg_min(c.term, c.begins) from calendar as c) as first_term,
    from acad_programs as p
)

select
    d.acad_programs_id as program_code,
    coalesce(d.since, d.first_term) as valid_from_term,
    d.until as valid_to_term,
    d.acpg_title as title,
    cip_of(d.acpg_cip) as cip_code,
    getvariable('cip_version')::varchar as cip_version,
    coalesce(level.value, d.acpg_award_level) as award_level,
    coalesce(d.acpg_degree, newest(d.acpg_ccds)) as credential_type,
    coalesce(unit.value, d.acpg_cred_type, 'SH') as credit_unit,
    number_of(d.acpg_cred) as required_credits,
    d.acpg_ctid as ctid,
    d._line,
    d._file,
from dated as d
left join setting_award_levels as level on d.acpg_award_level = level.code
left join setting_credit_types as unit on d.acpg_cred_type = unit.code
