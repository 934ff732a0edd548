-- Whose work it is: no school named is the sender's own record.
create or replace macro pesc_is_own(school_name, ipeds, opeid, local_id) as
    coalesce(school_name, ipeds, opeid, local_id) is null
    or coalesce(ipeds = getvariable('unitid'), false)
    or coalesce(opeid = getvariable('opeid8'), false)
    or coalesce(opeid = getvariable('opeid6'), false)
    or coalesce(local_id = getvariable('institution_code'), false);
create or replace macro pesc_is_taught(
    school_name, ipeds, opeid, local_id, basis, source
) as
    pesc_is_own(school_name, ipeds, opeid, local_id)
    and source is null
    and coalesce(basis, '') not in (select code from setting_transfer_basis);
create or replace macro pesc_names_a_person(last_name, first_name, composite, born) as
    coalesce(last_name, first_name, composite, born) is not null;
-- Whether it is work of a college student at all, and done or under way.
create or replace macro pesc_counts(school_level, basis, status) as
    coalesce(school_level, '') <> 'Secondary'
    and coalesce(basis, '') not in ('HighSchoolCreditOnly', 'JuniorHighSchoolCredit')
    and coalesce(status, '') <> 'PlanningToTake';
create or replace macro pesc_term(designator, suffix, title, stated) as coalesce(
    stated,
    (
        select setting_terms.value
        from setting_terms
        where setting_terms.code = concat_ws('-', designator, suffix)
    ),
    case getvariable('term_code_from')
        when 'suffix' then suffix
        when 'name' then title
        else nullif(concat_ws('-', designator, suffix), '')
    end
);
create or replace macro pesc_level(stated) as coalesce(
    (select setting_level.value from setting_level where setting_level.code = stated),
    getvariable('default_level')
);
create or replace macro pesc_unit(stated) as case
    when stated is null then getvariable('default_credit_unit')
    else coalesce(
        (
            select setting_credit_unit.value
            from setting_credit_unit
            where setting_credit_unit.code = trim(stated)
        ),
        stated
    )
end;
create or replace macro pesc_mode(stated, status, basis, units, scale_code) as case
    when stated is not null then stated
    when status = 'AuditedCourse' then 'AUDIT'
    when status in ('PassFailPass', 'PassFailFail') then 'PASS_FAIL'
    when pesc_unit(units) = 'CLOCK' then 'CLOCK'
    when basis = 'Remedial' then 'DEVELOPMENTAL'
    else coalesce(
        (
            select setting_grade_scale.value
            from setting_grade_scale
            where setting_grade_scale.code = scale_code
        ),
        'STANDARD'
    )
end;
-- The first day of the earliest session: derived reference rows hold from its term.
create or replace macro pesc_first_term() as coalesce(
    getvariable('valid_from_term'),
    (
        select min_by(
            pesc_term(s.designator, s.suffix, s.session_name, s.term_code),
            coalesce(s.begin_date, s.designator)
        )
        from session as s
        where pesc_is_own(s.school_name, s.ipeds, s.opeid, s.local_id)
    )
);
create or replace macro pesc_award_level(stated) as coalesce(
    (
        select setting_award_level.value
        from setting_award_level
        where setting_award_level.code = stated
    ),
    ltrim(stated, 'B')
);
create or replace macro pesc_grade_scheme() as table
    select * from setting_grade_scheme
    union all by name
    select
        cast(null as varchar) as grade_mode,
        cast(null as varchar) as grade_local,
        cast(null as varchar) as outcome,
        cast(null as varchar) as grade_points,
        cast(null as varchar) as counts_attempted,
        cast(null as varchar) as counts_earned,
        cast(null as varchar) as counts_gpa,
        cast(null as varchar) as title
    where false;
-- The summary of the sender's own work in a term: SenderOnly, or the only one there is.
create or replace macro pesc_sums_up(
    school_name, ipeds, opeid, local_id, designator, term_code, summary_type, has_sender
) as
    pesc_is_own(school_name, ipeds, opeid, local_id)
    and coalesce(designator, term_code) is not null
    and (
        coalesce(summary_type, 'SenderOnly') = 'SenderOnly'
        or summary_type = 'All' and coalesce(has_sender, 'false') <> 'true'
    );
create or replace macro pesc_place(file, line) as
    file || ':' || lpad(cast(line as varchar), 9, '0');
create or replace macro pesc_leads_its_term(file, line) as pesc_place(file, line) in (
    select min(pesc_place(s._file, s._line))
    from summary as s
    where
        pesc_sums_up(
            s.school_name, s.ipeds, s.opeid, s.local_id,
            s.designator, s.term_code, s.summary_type, s.has_sender
        )
    group by
        s._file,
        s.student_id,
        pesc_term(s.designator, s.suffix, s.session_name, s.term_code),
        pesc_level(s.level)
);
-- The first session that says this of a term: another student's, of the same term,
-- says nothing new, and one that says something else stays, so that F14 shows both.
create or replace macro pesc_tells_a_term(file, line) as pesc_place(file, line) in (
    select min(pesc_place(s._file, s._line))
    from session as s
    where pesc_is_own(s.school_name, s.ipeds, s.opeid, s.local_id)
    group by
        pesc_term(s.designator, s.suffix, s.session_name, s.term_code),
        s.session_name,
        s.session_type,
        s.school_year,
        s.begin_date,
        s.end_date
);
