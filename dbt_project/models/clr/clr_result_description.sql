with

    -- a course has a grade and a status whether or not anybody has both: one id, one
    -- body
    kinds(achievement_kind, kind, name, result_type) as (
        values
            ('course', 'grade', 'Final grade', 'LetterGrade'),
            ('course', 'status', 'Enrolment status', 'Status'),
            ('course', 'hours', 'Clock hours', 'ext:ClockHours'),
            ('transfer', 'grade', 'Transfer grade', 'LetterGrade'),
            ('award', 'gpa', 'Grade point average at award', 'GradePointAverage'),
            ('noncredit', 'hours', 'Contact hours', 'ext:ContactHours'),
            (
                'noncredit',
                'ceu',
                'Continuing education units',
                'ext:ContinuingEducationUnits'
            ),
            ('experience', 'hours', 'Hours', 'ext:ContactHours'),
            ('skill', 'level', 'Level', 'PerformanceLevel'),
            ('skill', 'score', 'Score', 'RawScore'),
            ('standing', 'gpa', 'Cumulative grade point average', 'GradePointAverage')
    )

select
    {{ result_description_id("achievement.achievement_id", "kinds.kind") }}
    as result_description_id,
    achievement.achievement_id,
    kinds.kind,
    kinds.name,
    kinds.result_type,
from {{ ref("clr_achievement") }} as achievement
inner join kinds on achievement.kind = kinds.achievement_kind
