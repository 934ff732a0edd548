-- Hand-maintained.
select
    s.sec_term as term_code,
    s.sec_synonym as section_id,
    subject_of(s.sec_course_name) as subject,
    number_after(s.sec_course_name) as course_number,
    s.sec_no as section_number,
    s.sec_short_title as title,
    day_of(s.sec_start_date) as start_date,
    day_of(s.sec_end_date) as end_date,
    coalesce(way.value, newest(s.sec_instr_methods)) as delivery,
    s.sec_location as campus_code,
    newest(s.sec_faculty) as instructor_id,
    number_of(s.sec_min_cred) as credit_value,
    s._line,
    s._file,
from course_sections as s
left join setting_instruction_methods as way on newest(s.sec_instr_methods) = way.code
where s.sec_term is not null
