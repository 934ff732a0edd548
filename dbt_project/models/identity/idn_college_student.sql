with

    links as (
        select institution_code, student_id, learner_id, linked_by
        from {{ source("identity", "link") }}
    ),

    -- read from the change log, where a removed row still says when it was removed
    changes as (
        {% for feed, column in [
            ("person", "student_id"),
            ("person_merge", "to_student_id"),
            ("person_identifier", "student_id"),
            ("disclosure", "student_id"),
            ("program_enrollment", "student_id"),
            ("term_enrollment", "student_id"),
            ("course_result", "student_id"),
            ("transfer_credit", "student_id"),
            ("credential_award", "student_id"),
            ("noncredit_completion", "student_id"),
            ("experience", "student_id"),
            ("skill_assertion", "student_id"),
            ("badge", "student_id"),
        ] %}
            select
                institution_code,
                {{ column }} as student_id,
                _package_id as package_id,
                _wave_id as wave_id,
                max(_as_of) as as_of,
            from {{ source("landing", feed) }}
            group by all {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    changed as (
        select
            changes.institution_code,
            changes.student_id,
            max(changes.as_of) as changed_at,
        from changes
        inner join
            {{ ref("stg_package") }} using (institution_code, package_id, wave_id)
        group by changes.institution_code, changes.student_id
    )

select links.*, changed.changed_at
from links
left join changed using (institution_code, student_id)
