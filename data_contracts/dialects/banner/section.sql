-- Hand-maintained. A CRN is used again every term. A section without credit of its own has the
-- course's, as the catalogue stood in that term: the latest row not after it.
select
    s.ssbsect_term_code as term_code,
    s.ssbsect_crn as section_id,
    s.ssbsect_subj_code as subject,
    s.ssbsect_crse_numb as course_number,
    s.ssbsect_seq_numb as section_number,
    s.ssbsect_crse_title as title,
    oracle_date(s.ssbsect_ptrm_start_date) as start_date,
    oracle_date(s.ssbsect_ptrm_end_date) as end_date,
    s.delivery,
    s.ssbsect_camp_code as campus_code,
    s.ssbsect_instructor_id as instructor_id,
    plain_number(coalesce(s.ssbsect_credit_hrs, s.scbcrse_credit_hr_low))
        as credit_value,
    s._line,
    s._file,
from class as s
where s.ssbsect_ssts_code = 'A'
