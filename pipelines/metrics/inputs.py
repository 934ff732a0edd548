"""The inputs of ``data_contracts/metrics/inputs.yaml`` as SQL over published tables.

Belongs here: one SELECT a group of inputs. Does not belong here: what an input means
(that file), any rule, any metric.

Every SELECT reads ``candidate``: one row a learner, college and cohort year. A college
that has closed into another reports as that one. ``study`` has one row a learner,
college and term for credit, a mini term counted to the term it is part of.
"""

CALENDAR = """
    succession as (
        select institution_code, institution_code as reports_as, 0 as steps
        from organization
        where kind = 'college'
        union all
        select succession.institution_code, gone.successor_code, steps + 1
        from succession
        inner join organization as gone
            on gone.institution_code = succession.reports_as
            and gone.kind = 'college'
        where gone.status = 'closed_merged' and gone.successor_code is not null
            -- no chain of mergers is longer, and a ring must end
            and steps < 9
    ),
    college as (
        select institution_code, arg_max(reports_as, steps) as reports_as
        from succession
        group by all
    ),
    clock_college as (
        select college.reports_as as institution_code
        from program
        inner join college using (institution_code)
        where not is_closed and credit_unit in ('SH', 'QH', 'CLOCK')
        group by all
        having count(distinct (institution_code, program_code))
                filter (credit_unit = 'CLOCK') * 2
            > count(distinct (institution_code, program_code))
    ),
    calendar as (
        select
            term.term_id, college.reports_as as institution_code,
            coalesce(whole.term_id, term.term_id) as whole_term_id,
            coalesce(whole.start_date, term.start_date) as starts,
            coalesce(whole.end_date, term.end_date) as ends,
            coalesce(whole.census_date, term.census_date) as census,
            coalesce(whole.academic_year_end, term.academic_year_end) as year_end
        from term
        inner join college using (institution_code)
        left join term as whole
            on whole.institution_code = term.institution_code
            and whole.term_code = term.parent_term_code
        where term.term_type <> 'NONCREDIT'
    ),
    attempt as (
        select
            learner_id, calendar.institution_code, whole_term_id as term_id,
            starts, ends, year_end, credit_unit, attempted_credit, status_date,
            status = 'withdrew' as is_withdrawn, is_dual_enrolment,
            status not in ('not_recorded', 'audited')
                and registration_status <> 'AUDIT'
                and grade_outcome is distinct from 'CREDIT_BY_EXAM'
                and credit_unit in ('SH', 'QH', 'CLOCK') as is_for_credit,
            is_for_credit and coalesce(
                not (status = 'withdrew' and status_date <= coalesce(census, starts)),
                true
            ) as is_held
        from fact_section_enrolment
        inner join calendar using (term_id)
        where {whom} and learner_id is not null
    ),
    course_term as materialized (
        select
            learner_id, institution_code, term_id, starts, ends, year_end,
            bool_or(is_for_credit) as is_for_credit,
            bool_and(is_dual_enrolment) filter (is_for_credit) as is_dual,
            bool_or(is_held) as at_census,
            coalesce(sum(attempted_credit) filter (is_held and credit_unit = 'SH'), 0)
                as semester_hours,
            coalesce(sum(attempted_credit) filter (is_held and credit_unit = 'QH'), 0)
                as quarter_hours,
            coalesce(
                sum(attempted_credit) filter (is_held and credit_unit = 'CLOCK'), 0
            ) as clock_hours,
            case when bool_and(is_withdrawn) filter (is_for_credit)
                then max(status_date) filter (is_for_credit) - starts end
                as days_attended
        from attempt
        group by learner_id, institution_code, term_id, starts, ends, year_end
    ),
    summary as (
        select
            learner_id, calendar.institution_code, whole_term_id as term_id,
            starts, ends, year_end, credit_unit, attempted, is_dual_enrolment
        from fact_term_enrolment
        inner join calendar using (term_id)
        anti join course_term
            on course_term.learner_id = fact_term_enrolment.learner_id
            and course_term.term_id = calendar.whole_term_id
        where {whom} and learner_id is not null
            and credit_unit in ('SH', 'QH', 'CLOCK')
    ),
    study as materialized (
        select * exclude (is_for_credit)
        from course_term
        where is_for_credit
        union all
        select
            learner_id, institution_code, term_id, starts, ends, year_end,
            bool_and(is_dual_enrolment), bool_or(attempted > 0),
            coalesce(sum(attempted) filter (credit_unit = 'SH'), 0),
            coalesce(sum(attempted) filter (credit_unit = 'QH'), 0),
            coalesce(sum(attempted) filter (credit_unit = 'CLOCK'), 0),
            null
        from summary
        group by all
    )"""

_COVERS = "make_date(year(starts), 10, 15) between starts and ends"
_AUTUMN = (
    "starts <= make_date(year(starts), 10, 31) "
    "and ends >= make_date(year(starts), 8, 1)"
)
_MAY = "make_date(year(starts), 5, 1)"
# of a period: which terms are in one, its year, and since when a summer is forgiven
PERIODS = {
    "fall": (_COVERS, "year(starts)", _MAY),
    "august_to_october": (_AUTUMN, "year(starts)", _MAY),
    "full_year": (
        "true",
        "year(starts) - cast(month(starts) < 9 as integer)",
        "starts",
    ),
    "own_start": ("not is_dual and at_census", "year_end - 1", "starts"),
}

CANDIDATE = """
    term_of_period as (
        select
            study.*, clock_college.institution_code is not null as is_clock,
            case when is_clock then {clock_year} else {year} end as cohort_year,
            case when is_clock then {clock_summer} else {summer} end as summer_from,
            case when is_clock then {clock_from} else make_date(cohort_year, 8, 31) end
                as counted_from
        from study
        inner join learner using (learner_id)
        left join clock_college using (institution_code)
        where learner.status = 'active'
            and case when is_clock then {clock_in} else {is_in} end
    ),
    candidate as materialized (
        select
            learner_id, institution_code, cohort_year, starts, ends, summer_from,
            counted_from, is_clock as is_clock_hour_college,
            is_dual as is_dual_enrolment, at_census as enrolled_at_census,
            semester_hours, quarter_hours, clock_hours, days_attended,
            semester_hours >= 12 or quarter_hours >= 12
                or clock_hours * 7 >= 24 * (ends - starts + 1) as is_full_time
        from term_of_period
        -- one attended before one dropped, an ordinary one before dual enrolment
        qualify row_number() over (
            partition by learner_id, institution_code {of_year}
            order by not at_census, is_dual, starts, term_id
        ) = 1
    )"""

_KEY = "candidate.learner_id, candidate.institution_code, candidate.cohort_year"
_HERE = "study.institution_code = candidate.institution_code"
_SENDER = "not is_sender"

LENGTH = """
    length as (
        -- 30 semester or 45 quarter hours a year, 24 clock hours in each of 52 weeks
        select
            program_id,
            case
                when award_level = '3' then 24
                when required_credits > 0 then cast(ceil(
                    cast(required_credits as double) * 12 / case credit_unit
                        when 'SH' then 30 when 'QH' then 45
                        when 'CLOCK' then 24 * 52 end
                ) as integer)
            end as months
        from program
    )"""

GROUPS = {
    "history": f"""
        select
            {_KEY},
            min(study.starts) filter ({_HERE} and is_before and not is_dual)
                as earlier_here_on,
            min(study.starts) filter (not {_HERE} and is_before and not is_dual)
                as earlier_sister_on,
            min(study.starts) filter (not is_before and not is_dual)
                as summer_before_on,
            min(study.starts) filter (is_dual) as dual_before_on,
            any_value(outside.begun) as earlier_outside_on,
            any_value(credit.begun) as outside_credit_on
        from candidate
        left join (
            select *
            from study
            where at_census
        ) as study
            on study.learner_id = candidate.learner_id
            and study.starts < candidate.starts
        left join (
            select {_KEY}, min(enrolment_begin) as begun
            from candidate
            inner join fact_enrolment_elsewhere as elsewhere using (learner_id)
            where {_SENDER} and enrolment_begin < candidate.summer_from
            group by all
        ) as outside
            on outside.learner_id = candidate.learner_id
            and outside.institution_code = candidate.institution_code
            and outside.cohort_year = candidate.cohort_year
        left join (
            select {_KEY}, min(coalesce(calendar.starts, evaluated_on)) as begun
            from candidate
            inner join fact_transfer_credit as brought using (learner_id)
            inner join organization as source
                on source.organization_id = brought.source_organization_id
                and source.kind = 'external'
            left join calendar on calendar.term_id = brought.term_id
            where source_type = 'INSTITUTION'
                and coalesce(calendar.starts, evaluated_on) <= candidate.starts
            group by all
        ) as credit
            on credit.learner_id = candidate.learner_id
            and credit.institution_code = candidate.institution_code
            and credit.cohort_year = candidate.cohort_year
        cross join lateral (
            select study.starts < candidate.summer_from as is_before
        )
        group by all""",
    "programme": f"""
        select
            {_KEY},
            string_agg(distinct program_code, ', ' order by program_code) as programmes,
            min(months) as shortest_programme_months
        from candidate
        inner join fact_program_enrolment as declared using (learner_id)
        inner join calendar as first_term
            on first_term.term_id = declared.start_term_id
            and first_term.institution_code = candidate.institution_code
        left join calendar as last_term on last_term.term_id = declared.end_term_id
        left join length using (program_id)
        where declared.level not in ('ND', 'CE')
            and first_term.starts <= candidate.starts
            and coalesce(last_term.ends >= candidate.starts, true)
        group by all""",
    "award": f"""
        select
            {_KEY},
            min(awarded_on) filter (is_ours and stands and awarded_on <= within_100)
                as completed_100_on,
            min(awarded_on) filter (is_ours and stands and awarded_on <= within_150)
                as completed_150_on,
            min(awarded_on) filter (is_ours and stands and awarded_on <= within_200)
                as completed_200_on,
            min(awarded_on) filter (is_ours and stands) as award_here_on,
            min(awarded_on) filter (is_ours and stands and months is null)
                as award_here_unknown_on,
            min(awarded_on) filter (is_ours and not stands and not is_early)
                as revoked_on,
            max(awarded_on) filter (is_ours and is_revoked is false and is_early)
                as award_before_on,
            min(awarded_on) filter (is_sister and stands) as award_sister_on,
            min(awarded_on) filter (is_outside and stands) as award_outside_on
        from candidate
        inner join (
            select
                learner_id, college.reports_as as given_by, awarded_on,
                status = 'REVOKED' as is_revoked,
                case when award_level = '3' then 24 else months end as months
            from fact_award
            inner join college using (institution_code)
            left join length using (program_id)
            where {{whom}}
            union all
            select learner_id, null, awarded_on, false, null
            from fact_award_elsewhere
            where {{whom}} and {_SENDER}
        ) as award using (learner_id)
        cross join lateral (
            select
                coalesce(given_by = candidate.institution_code, false) as is_ours,
                given_by is not null and not is_ours as is_sister,
                given_by is null as is_outside,
                awarded_on < candidate.starts as is_early,
                not is_revoked and not is_early as stands,
                candidate.counted_from + to_months(months) as within_100,
                candidate.counted_from
                    + to_months(cast(ceil(months * 1.5) as integer)) as within_150,
                candidate.counted_from + to_months(months * 2) as within_200
        )
        group by all""",
    "death": f"""
        select {_KEY}, min(enrolment_end) as deceased_told_on
        from candidate
        inner join fact_enrolment_elsewhere as told using (learner_id)
        where enrolment_status = 'DECEASED' and enrolment_end >= candidate.starts
        group by all""",
    "departure": f"""
        select {_KEY}, min(sister.begun) as later_sister_on,
            min(outside.begun) as later_outside_on
        from candidate
        left join (
            select learner_id, institution_code, starts as begun
            from study
            where at_census and not is_dual
        ) as sister
            on sister.learner_id = candidate.learner_id
            and sister.institution_code <> candidate.institution_code
            and sister.begun > candidate.starts
        left join (
            select learner_id, enrolment_begin as begun
            from fact_enrolment_elsewhere
            where {{whom}} and {_SENDER}
        ) as outside
            on outside.learner_id = candidate.learner_id
            and outside.begun > candidate.starts
        group by all""",
    "next_fall": f"""
        select
            {_KEY},
            make_date(candidate.cohort_year + 1, 10, 15) as fall_day,
            min(study.starts) filter ({_HERE}) as next_fall_here_on,
            min(study.starts) filter (not {_HERE}) as next_fall_sister_on,
            min(outside.begun) as next_fall_outside_on
        from candidate
        left join (
            select study.*, year(starts) as fall_year
            from study
            left join clock_college using (institution_code)
            where at_census and not is_dual
                and case when clock_college.institution_code is null
                    then {_COVERS} else {_AUTUMN} end
        ) as study
            on study.learner_id = candidate.learner_id
            and study.fall_year = candidate.cohort_year + 1
        left join (
            select learner_id, enrolment_begin as begun, enrolment_end as ended
            from fact_enrolment_elsewhere
            where {{whom}} and {_SENDER}
                and coalesce(
                    enrolment_status
                    not in ('WITHDRAWN', 'LEAVE_OF_ABSENCE', 'DECEASED'), true
                )
        ) as outside
            on outside.learner_id = candidate.learner_id
            and make_date(candidate.cohort_year + 1, 10, 15) between begun and ended
        group by all""",
    "first_year": f"""
        select
            {_KEY},
            candidate.starts + 350 as year_1_ends,
            coalesce(sum(hours), 0) as credits_year_1,
            min(title) filter (subject in ('MTH', 'MATH')) as maths_year_1,
            min(title) filter (
                subject in ('ENG', 'ENGL') and statewide_area in ('1', 'COMM')
            ) as english_year_1
        from candidate
        left join (
            select
                passed.learner_id, calendar.institution_code, calendar.starts as begun,
                passed.title, passed.subject, course.statewide_area,
                earned_credit * case passed.credit_unit when 'QH' then 2 else 3 end / 3
                    as hours
            from fact_section_enrolment as passed
            inner join calendar using (term_id)
            inner join course using (course_id)
            where {{whom}} and passed.status = 'completed' and earned_credit > 0
                and passed.credit_unit in ('SH', 'QH')
                and not course.is_developmental
                and passed.grade_outcome is distinct from 'CREDIT_BY_EXAM'
                and passed.repeat_code is distinct from 'EXCLUDE'
        ) as passed
            on passed.learner_id = candidate.learner_id
            and passed.institution_code = candidate.institution_code
            and begun >= candidate.starts and begun < candidate.starts + 350
        group by all""",
    "second_year": f"""
        select
            {_KEY},
            candidate.starts + 350 as year_2_from,
            candidate.starts + 715 as year_2_ends,
            min(study.starts) filter ({_HERE}) as year_2_here_on,
            min(study.starts) filter (not {_HERE}) as year_2_sister_on,
            min(outside.begun) as year_2_outside_on
        from candidate
        left join (
            select *
            from study
            where at_census and not is_dual
        ) as study
            on study.learner_id = candidate.learner_id
            and study.starts >= candidate.starts + 350
            and study.starts < candidate.starts + 715
        left join (
            select learner_id, enrolment_begin as begun
            from fact_enrolment_elsewhere
            where {{whom}} and {_SENDER}
                and coalesce(
                    enrolment_status
                    not in ('WITHDRAWN', 'LEAVE_OF_ABSENCE', 'DECEASED'), true
                )
        ) as outside
            on outside.learner_id = candidate.learner_id
            and outside.begun >= candidate.starts + 350
            and outside.begun < candidate.starts + 715
        group by all""",
}
