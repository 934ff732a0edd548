-- generated from data_contracts/feeds/course_result.odcs.yaml; edit that
with

    newest as (
        select
            landed.institution_code,
            landed.student_id,
            landed.term_code,
            landed.section_id,
            landed.attempt_seq,
            max(landed._package_seq) as _package_seq
        from {{ source("landing", "course_result") }} as landed
        inner join
            {{ ref("stg_package") }} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        group by all
        having count(*) > 1
    )

select
    landed.student_id,
    landed.term_code,
    landed.section_id,
    landed.attempt_seq,
    landed.subject,
    landed.course_number,
    landed.title,
    landed.level,
    landed.registration_status,
    landed.status_date,
    landed.credit_unit,
    landed.attempted_credit,
    landed.earned_credit,
    landed.gpa_credit,
    landed.quality_points,
    landed.clock_hours_scheduled,
    landed.clock_hours_attended,
    landed.grade_mode,
    landed.grade_local,
    landed.grade_seq,
    landed.grade_posted_on,
    landed.grade_change_code,
    landed.incomplete_expires_on,
    landed.repeat_code,
    landed.last_attendance_date,
    landed.dual_enrollment,
    landed.delivery,
    landed.start_date,
    landed.end_date,
    landed.record_updated_at,
    landed.institution_code,
    landed._op,
    landed._package_id,
    landed._wave_id,
    landed._package_seq,
    landed._as_of,
    landed._file_name,
    landed._file_sha256,
    landed._line,
    landed._contract_version,
    landed._op = 'C' as is_closed
from {{ source("landing", "course_result") }} as landed
inner join
    {{ ref("stg_package") }} as package
    on landed.institution_code = package.institution_code
    and landed._package_id = package.package_id
    and landed._wave_id = package.wave_id
left join
    newest
    on landed.institution_code = newest.institution_code
    and landed.student_id = newest.student_id
    and landed.term_code = newest.term_code
    and landed.section_id = newest.section_id
    and landed.attempt_seq = newest.attempt_seq
where
    landed._op <> 'D'
    and (newest._package_seq is null or landed._package_seq = newest._package_seq)
