-- Hand-maintained. E-mails and alternate ids are lists whose types lie beside them, position
-- by position.
with mail as (
    select
        p._file,
        p._line,
        unnest(multi(p.person_email_addresses)) as address,
        unnest(multi(p.person_email_types)) as type,
        unnest(range(1, len(multi(p.person_email_addresses)) + 1)) as position,
    from person as p
),

typed_mail as (
    select
        m._file,
        m._line,
        arg_min(m.address, m.position) filter (where e.value = 'college') as college,
        arg_min(m.address, m.position) filter (
            where e.value is distinct from 'college'
        ) as personal,
    from mail as m
    left join setting_email_types as e on m.type = e.code
    where m.address is not null
    group by all
),

alternate as (
    select
        p._file,
        p._line,
        unnest(multi(p.person_alt_ids)) as id,
        unnest(multi(p.person_alt_id_types)) as type,
    from person as p
),

surrogate as (
    select a._file, a._line, min(a.id) as id
    from alternate as a
    join setting_alt_id_types as t on a.type = t.code
    where t.id_type = 'SOURCE_PK'
    group by all
)

select
    p.id as student_id,
    surrogate.id as source_pk,
    p.last_name,
    p.first_name,
    p.middle_name,
    upper(rtrim(p.suffix, '.')) as suffix,
    p.person_chosen_first_name as preferred_first_name,
    birth_of(p.birth_date) as birth_date,
    case when p.birth_date is null then 'UNKNOWN' else 'FULL' end as birth_date_quality,
    p.gender as sex,
    typed_mail.college as email_college,
    typed_mail.personal as email_personal,
    newest(p.personal_phone_number) as phone,
    multi(home.address_lines)[1] as address_line1,
    multi(home.address_lines)[2] as address_line2,
    home.city,
    home.state,
    home.zip as postal_code,
    coalesce(home.country, case when home.address_id is not null then 'US' end)
        as country,
    p.x_high_school as high_school_code,
    p.x_high_school_grad_year as high_school_grad_year,
    p.x_first_term as first_term_code,
    p._line,
    p._file,
from person as p
left join typed_mail on p._file = typed_mail._file and p._line = typed_mail._line
left join surrogate on p._file = surrogate._file and p._line = surrogate._line
left join
    (select * from address qualify row_number() over (partition by address_id) = 1)
    as home
    on p.preferred_address = home.address_id
where not is_company(p.person_corp_indicator)
