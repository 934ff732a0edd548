-- Hand-maintained. Effective-dated: a row ends where the next one of the course begins, be that
-- an inactive one, which itself is no course.
select
    c.scbcrse_subj_code as subject,
    c.scbcrse_crse_numb as course_number,
    known_term(c.scbcrse_eff_term, c.starts) as valid_from_term,
    case when c.next_starts is not null then term_before(c.next_starts) end
        as valid_to_term,
    c.scbcrse_title as title,
    unit_of(c.scbcrse_unit) as credit_unit,
    plain_number(c.scbcrse_credit_hr_low) as credit_min,
    plain_number(coalesce(c.scbcrse_credit_hr_high, c.scbcrse_credit_hr_low))
        as credit_max,
    plain_number(c.scbcrse_cont_hr_low) as clock_hours,
    cip_of(c.scbcrse_cipc_code) as cip_code,
    c.scbcrse_common_course as common_course_id,
    c.scbcrse_state_area as statewide_area,
    c.scbcrse_transfer_code as transfer_code,
    yes_no(c.scbcrse_dev_ind) as developmental,
    c._line,
    c._file,
from dated_course as c
where c.holds and c.scbcrse_csta_code is distinct from 'I'
