-- Hand-maintained. The privacy flag has no date of its own: without one it holds from ever.
select
    r.prs_person as student_id,
    kind.value as kind,
    day_of(r.prs_start_date) as valid_from,
    day_of(r.prs_end_date) as valid_to,
    case
        when kind.value in ('FINANCIAL_HOLD', 'TRANSCRIPT_HOLD') then r.prs_type
    end as note_code,
    r._line,
    r._file,
from person_restrictions as r
join setting_restriction_types as kind on r.prs_type = kind.code
union all by name
select
    p.id as student_id,
    'FERPA_BLOCK' as kind,
    coalesce(day_of(p.person_privacy_date), '1900-01-01') as valid_from,
    p._line,
    p._file,
from person as p
where p.person_privacy_flag = 'Y' and not is_company(p.person_corp_indicator)
union all by name
select
    p.id as student_id,
    'DECEASED' as kind,
    day_of(p.deceased_date) as valid_from,
    p._line,
    p._file,
from person as p
where p.deceased_date is not null and not is_company(p.person_corp_indicator)
