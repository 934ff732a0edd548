-- Hand-maintained. Every found row that is no credential is one enrolment.
select
    asked_for(d.requester_return_field, d.your_unique_identifier) as student_id,
    college_code_of(d.college_code_branch) as college_code,
    told_day(d.enrollment_begin) as enrollment_begin,
    told_day(d.enrollment_end) as enrollment_end,
    d.college_name,
    upper(d.college_state) as college_state,
    coalesce(size.value, d."2_year_4_year") as college_level,
    upper(d.public_private) as college_control,
    coalesce(status.value, d.enrollment_status) as enrollment_status,
    coalesce(class.value, d.class_level) as class_level,
    d.enrollment_major_1 as major_1,
    cip_of(d.enrollment_cip_1) as cip_1,
    d.enrollment_major_2 as major_2,
    cip_of(d.enrollment_cip_2) as cip_2,
    'NSC' as source_system,
    told_day(d.search_date) as searched_on,
    d._line,
    d._file,
from detail as d
left join setting_college_levels as size on upper(d."2_year_4_year") = size.code
left join
    setting_enrollment_statuses as status on upper(d.enrollment_status) = status.code
left join setting_class_levels as class on upper(d.class_level) = class.code
where
    is_told(d.record_found_y_n, d.college_code_branch)
    and not is_credential(d.graduated)
