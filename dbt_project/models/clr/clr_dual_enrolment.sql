with

    courses as (
        select
            institution_code,
            student_id,
            term_code,
            credit_unit,
            count(*) as courses,
            sum(attempted_credit) as attempted_credit,
            sum(coalesce(earned_credit, 0)) as earned_credit,
            max(_as_of) as recorded_at,
        from {{ ref("stg_course_result") }}
        where
            dual_enrollment = 'Y'
            and registration_status
            not in ('DROPPED_NO_RECORD', 'CANCELLED', 'WAITLISTED')
        group by institution_code, student_id, term_code, credit_unit
    ),

    terms as (
        select
            institution_code,
            student_id,
            term_code,
            credit_unit,
            sum(attempted) as attempted_credit,
            sum(earned) as earned_credit,
            max(_as_of) as recorded_at,
        from {{ ref("stg_term_enrollment") }}
        where dual_enrollment = 'Y'
        group by institution_code, student_id, term_code, credit_unit
    ),

    -- whichever feed marks it: a term without its courses is told by its summary
    marked as (
        select
            institution_code,
            student_id,
            term_code,
            credit_unit,
            coalesce(courses.courses, 0) as courses,
            terms.term_code is not null as is_in_summary,
            coalesce(
                courses.attempted_credit, terms.attempted_credit
            ) as attempted_credit,
            coalesce(courses.earned_credit, terms.earned_credit) as earned_credit,
            greatest(
                coalesce(courses.recorded_at, terms.recorded_at),
                coalesce(terms.recorded_at, courses.recorded_at)
            ) as recorded_at,
        from courses
        full join terms using (institution_code, student_id, term_code, credit_unit)
    ),

    placed as (
        select
            marked.*,
            student.learner_id,
            -- two ids of one learner at a college are one; of a stranger each is his
            -- own
            coalesce(student.learner_id, marked.student_id) as whose,
            term.term_id,
            term.start_date,
        from marked
        left join
            {{ ref("idn_college_student") }} as student
            on marked.institution_code = student.institution_code
            and marked.student_id = student.student_id
        left join
            {{ ref("clr_term") }} as term
            on marked.institution_code = term.institution_code
            and marked.term_code = term.term_code
    ),

    summed as (
        select
            whose,
            institution_code,
            term_code,
            credit_unit,
            max(learner_id) as learner_id,
            max(term_id) as term_id,
            max(start_date) as start_date,
            sum(courses) as courses,
            max(is_in_summary) as is_in_summary,
            sum(attempted_credit) as attempted_credit,
            sum(earned_credit) as earned_credit,
            max(recorded_at) as recorded_at,
        from placed
        group by whose, institution_code, term_code, credit_unit
    ),

    -- of two ids of one learner the one that names a school, then the later word
    schools as (
        select
            coalesce(learner_id, student_id) as whose,
            institution_code,
            high_school_id,
            high_school_code,
            high_school_code_kind,
            high_school_grad_year,
            birth_date,
            row_number() over (
                partition by institution_code, coalesce(learner_id, student_id)
                order by
                    high_school_code is null asc, _as_of desc nulls last, student_id asc
            ) as place,
        from {{ ref("idn_high_school") }}
    ),

    joined as (
        select
            summed.*,
            schools.high_school_id,
            schools.high_school_code,
            schools.high_school_code_kind,
            schools.high_school_grad_year,
            extract(year from summed.start_date) + case
                when extract(month from summed.start_date) >= 7 then 1 else 0
            end as school_year,
            extract(year from summed.start_date)
            - extract(year from schools.birth_date)
            - case
                when
                    extract(month from summed.start_date) * 100
                    + extract(day from summed.start_date)
                    < extract(month from schools.birth_date) * 100
                    + extract(day from schools.birth_date)
                then 1
                else 0
            end as age,
        from summed
        left join
            schools
            on summed.institution_code = schools.institution_code
            and summed.whose = schools.whose
            and schools.place = 1
    ),

    ordinary as (
        select learner_id, institution_code, term_id
        from {{ ref("clr_fact_term_enrolment") }}
        where learner_id is not null and not is_dual_enrolment
        union
        select learner_id, institution_code, term_id
        from {{ ref("clr_fact_section_enrolment") }}
        where
            learner_id is not null
            and not is_dual_enrolment
            and status <> 'not_recorded'
    ),

    later as (
        select
            joined.learner_id,
            joined.institution_code,
            joined.term_code,
            joined.credit_unit,
            min(term.start_date) as enrolled_later_on,
            min_by(
                ordinary.institution_code,
                {{ sortable("term.start_date") }} || ordinary.institution_code
            ) as later_institution_code,
            max(ordinary.institution_code = joined.institution_code) as is_here,
            max(ordinary.institution_code <> joined.institution_code) as is_elsewhere,
        from joined
        inner join ordinary on joined.learner_id = ordinary.learner_id
        inner join {{ ref("clr_term") }} as term on ordinary.term_id = term.term_id
        where
            term.start_date > joined.start_date
            -- a summer term may begin in the month of graduation
            and (
                joined.high_school_grad_year is null
                or extract(year from term.start_date) * 100
                + extract(month from term.start_date)
                >= joined.high_school_grad_year * 100 + 5
            )
        group by
            joined.learner_id,
            joined.institution_code,
            joined.term_code,
            joined.credit_unit
    )

select
    {{
        record_id(
            "dual enrolment",
            [
                "joined.institution_code",
                "joined.whose",
                "joined.term_code",
                "joined.credit_unit",
            ],
        )
    }} as dual_enrolment_id,
    joined.learner_id,
    joined.institution_code,
    joined.term_id,
    case
        when joined.courses = 0
        then 'summary'
        when joined.is_in_summary
        then 'both'
        else 'courses'
    end as told_by,
    cast(joined.courses as bigint) as courses,
    joined.credit_unit,
    cast(joined.attempted_credit as decimal(9, 3)) as attempted_credit,
    cast(joined.earned_credit as decimal(9, 3)) as earned_credit,
    joined.high_school_id,
    joined.high_school_code,
    joined.high_school_code_kind,
    joined.high_school_grad_year,
    case
        when 12 - (joined.high_school_grad_year - joined.school_year) between 6 and 12
        then 12 - (joined.high_school_grad_year - joined.school_year)
    end as grade_level,
    case
        when joined.age < 16
        then 'under_16'
        when joined.age < 18
        then '16_17'
        when joined.age >= 18
        then '18_or_over'
    end as age_band,
    case
        when joined.learner_id is not null then coalesce(later.is_here, false)
    end as is_later_here,
    case
        when joined.learner_id is not null then coalesce(later.is_elsewhere, false)
    end as is_later_elsewhere,
    later.later_institution_code,
    later.enrolled_later_on,
    joined.recorded_at,
from joined
left join
    later
    on joined.learner_id = later.learner_id
    and joined.institution_code = later.institution_code
    and joined.term_code = later.term_code
    and joined.credit_unit = later.credit_unit
