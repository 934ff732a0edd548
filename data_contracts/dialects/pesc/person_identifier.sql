with named as (
    select
        *,
        regexp_replace(value, '[^0-9]', '', 'g') as digits
    from identifier
    where value is not null
)

select
    student_id,
    case
        when type is not null then type
        when element = 'PartialSSN' then 'SSN_LAST4'
        when element = 'SSN' then ssn_type(digits)
        else coalesce(
            (select m.value from setting_agency as m where m.code = agency), 'OTHER'
        )
    end as id_type,
    case when element = 'SSN' and length(digits) = 9 then digits else value end as id_value,
    coalesce(issuer, case when element = 'AgencyIdentifier' then agency end) as issuer,
    coalesce(is_current, 'Y') as is_current,
    valid_from,
    valid_to,
    updated_at as record_updated_at,
    _file,
    _line
from named
