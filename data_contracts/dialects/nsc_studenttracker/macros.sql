-- Hand-maintained.
create or replace macro college_digits(code) as
    left(regexp_replace(code, '[^0-9]', '', 'g'), 6);
create or replace macro is_own_college(code) as coalesce(
    college_digits(code) in (
        select c.opeid6 from code_college as c
        where c.code = getvariable('institution_code') and c.opeid6 is not null
    ),
    false
);
create or replace macro is_told(found, code) as
    coalesce(upper(found) = 'Y', false) and not is_own_college(code);
create or replace macro is_credential(graduated) as coalesce(upper(graduated) = 'Y', false);
create or replace macro college_code_of(code) as
    case
        when regexp_full_match(code, '\d{6}-?\d{2}')
            then left(code, 6) || '-' || right(code, 2)
        when regexp_full_match(code, '\d{6}') then code || '-00'
        else code
    end;
create or replace macro told_day(value) as
    case
        when regexp_full_match(value, '\d{8}') then iso_date(value, '%Y%m%d') else value
    end;
create or replace macro asked_for(return_field, unique_identifier) as nullif(
    regexp_extract(
        case getvariable('student_id_field')
            when 'your_unique_identifier' then unique_identifier else return_field
        end,
        getvariable('student_id_pattern'),
        1
    ),
    ''
);
