-- Hand-maintained. The current row of SPRIDEN, with one row at most of everything beside it.
with mail as (
    select
        goremal_pidm as pidm,
        any_value(goremal_email_address) filter (where kind = 'college') as college,
        any_value(goremal_email_address) filter (where kind <> 'college') as personal,
    from best_email()
    group by goremal_pidm
),

bio as (
    select *
    from spbpers
    qualify row_number() over (partition by spbpers_pidm order by _line) = 1
),

school as (
    select
        sorhsch_pidm as pidm,
        arg_max(sorhsch_sbgi_code, oracle_date(sorhsch_graduation_date)) as code,
        max(oracle_date(sorhsch_graduation_date)) as graduated,
    from sorhsch
    group by sorhsch_pidm
),

admitted as (
    select
        s.sgbstdn_pidm as pidm,
        arg_min(s.sgbstdn_term_code_admit, t.starts) as term_code,
    from sgbstdn as s
    join term_days() as t on s.sgbstdn_term_code_admit = t.term_code
    group by s.sgbstdn_pidm
)

select
    p.spriden_id as student_id,
    p.spriden_pidm as source_pk,
    p.spriden_last_name as last_name,
    p.spriden_first_name as first_name,
    p.spriden_mi as middle_name,
    upper(rtrim(bio.spbpers_name_suffix, '.')) as suffix,
    bio.spbpers_pref_first_name as preferred_first_name,
    oracle_birth(bio.spbpers_birth_date) as birth_date,
    case when bio.spbpers_birth_date is null then 'UNKNOWN' else 'FULL' end
        as birth_date_quality,
    bio.spbpers_sex as sex,
    mail.college as email_college,
    mail.personal as email_personal,
    phone.sprtele_phone_number as phone,
    home.spraddr_street_line1 as address_line1,
    home.spraddr_street_line2 as address_line2,
    home.spraddr_city as city,
    home.spraddr_stat_code as state,
    home.spraddr_zip as postal_code,
    coalesce(
        home.spraddr_natn_code, case when home.spraddr_pidm is not null then 'US' end
    ) as country,
    school.code as high_school_code,
    coalesce(left(school.graduated, 4)) as high_school_grad_year,
    admitted.term_code as first_term_code,
    p._line,
    p._file,
from spriden as p
left join bio on p.spriden_pidm = bio.spbpers_pidm
left join mail on p.spriden_pidm = mail.pidm
left join best_phone() as phone on p.spriden_pidm = phone.sprtele_pidm
left join best_address() as home on p.spriden_pidm = home.spraddr_pidm
left join school on p.spriden_pidm = school.pidm
left join admitted on p.spriden_pidm = admitted.pidm
where
    p.spriden_change_ind is null
    and p.spriden_entity_ind is distinct from 'C'
    and p._line in (select c._line from current_person() as c)
