-- Hand-maintained. A programme has the CIP code of its major.
select
    p.smrprle_program as program_code,
    known_term(p.smrprle_term_code_eff, p.starts) as valid_from_term,
    p.smrprle_term_code_end as valid_to_term,
    p.smrprle_program_desc as title,
    cip_of(major.stvmajr_cipc_code) as cip_code,
    cast(getvariable('cip_version') as varchar) as cip_version,
    p.smrprle_award_level as award_level,
    p.smrprle_degc_code as credential_type,
    unit_of(p.smrprle_unit) as credit_unit,
    plain_number(p.smrprle_req_credits) as required_credits,
    p.smrprle_ctid as ctid,
    p._line,
    p._file,
from dated_program as p
join
    (
        select *
        from stvmajr
        qualify row_number() over (partition by stvmajr_code order by _line) = 1
    )
    as major
    on p.smrprle_majr_code = major.stvmajr_code
where p.holds
