with told as (
    select
        coalesce(program_code, cip_code) as code,
        coalesce(program_name, title) as title,
        cip_code,
        pesc_award_level(award_level) as award_level,
        coalesce(credential_type, getvariable('default_award_type')) as credential_type,
        _file,
        _line
    from award
    where
        getvariable('programs_from_awards') = 'Y'
        and pesc_is_own(school_name, ipeds, opeid, local_id)
        and coalesce(program_code, cip_code) is not null
        and coalesce(lower(completed), 'true') not in ('false', '0')
        and coalesce(awarded_on, completed_on) is not null
)

select
    code as program_code,
    pesc_first_term() as valid_from_term,
    title,
    cip_code,
    cast(getvariable('cip_version') as varchar) as cip_version,
    award_level,
    credential_type,
    getvariable('default_credit_unit') as credit_unit,
    min_by(_file, (_file, _line)) as _file,
    min_by(_line, (_file, _line)) as _line
from told
group by all
