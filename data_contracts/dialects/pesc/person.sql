select
    student_id,
    source_key as source_pk,
    coalesce(last_name, composite_name) as last_name,
    first_name,
    middle_name,
    suffix,
    preferred as preferred_first_name,
    birth_date,
    coalesce(
        birth_date_quality,
        case when birth_date is null then 'UNKNOWN' else 'FULL' end
    ) as birth_date_quality,
    coalesce(
        sex,
        case gender when 'Male' then 'M' when 'Female' then 'F' when 'Unreported' then 'U' end
    ) as sex,
    college_email as email_college,
    email as email_personal,
    concat(area_code, phone) as phone,
    address_line1,
    address_line2,
    city,
    state,
    postal_code,
    country,
    high_school as high_school_code,
    high_school_year as high_school_grad_year,
    first_term as first_term_code,
    updated_at as record_updated_at,
    _file,
    _line
from transcript
where pesc_names_a_person(last_name, first_name, composite_name, birth_date)
