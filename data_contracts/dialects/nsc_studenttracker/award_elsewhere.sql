-- Hand-maintained. A row that says graduated is one credential; some colleges name no title,
-- and confer two on one day, which their majors tell apart.
select
    asked_for(d.requester_return_field, d.your_unique_identifier) as student_id,
    college_code_of(d.college_code_branch) as college_code,
    told_day(d.graduation_date) as awarded_on,
    coalesce(
        d.degree_title, 'UNSPECIFIED (' || d.degree_major_1 || ')', 'UNSPECIFIED'
    ) as title,
    d.college_name,
    upper(d.college_state) as college_state,
    coalesce(size.value, d."2_year_4_year") as college_level,
    upper(d.public_private) as college_control,
    d.degree_major_1 as major_1,
    cip_of(d.degree_cip_1) as cip_1,
    d.degree_major_2 as major_2,
    cip_of(d.degree_cip_2) as cip_2,
    d.degree_major_3 as major_3,
    cip_of(d.degree_cip_3) as cip_3,
    d.degree_major_4 as major_4,
    cip_of(d.degree_cip_4) as cip_4,
    'NSC' as source_system,
    told_day(d.search_date) as searched_on,
    d._line,
    d._file,
from detail as d
left join setting_college_levels as size on upper(d."2_year_4_year") = size.code
where
    is_told(d.record_found_y_n, d.college_code_branch)
    and is_credential(d.graduated)
    and d.enrollment_begin is null
