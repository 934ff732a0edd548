select
    student_id,
    coalesce(
        type,
        (select m.value from setting_name_type as m where m.code = name_code)
    ) as name_type,
    last_name,
    first_name,
    middle_name,
    suffix,
    -- 1900-01-01: the day of the change is not known (feed specification).
    coalesce(trim(substr(effective, 11)), '1900-01-01') as effective_from,
    trim(substr(updated, 9)) as record_updated_at,
    _file,
    _line
from name
where type is not null or name_code in (select code from setting_name_type)
