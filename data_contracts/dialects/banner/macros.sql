-- Hand-maintained. Which of several rows counts: Banner keeps all of them, and a join that
-- forgets to choose counts a learner, a credit or a grade twice.
create or replace macro is_yes(value) as yes_no(value) = 'Y';
create or replace macro number_in(value) as coalesce(try_cast(value as integer), 0);
-- The row without a change indicator is the person's; N and I rows are what was before.
create or replace macro current_person() as table
    select spriden_pidm as pidm, spriden_id as student_id, _file, _line
    from spriden
    where
        spriden_change_ind is null
        and spriden_entity_ind is distinct from 'C'
        and spriden_pidm is not null
    qualify row_number() over (partition by spriden_pidm order by _line) = 1;
-- What a PIDM is called: the joins of all feeds go through it.
create or replace macro student_of() as table
    select pidm, student_id from current_person();
create or replace macro term_days() as table
    select
        stvterm_code as term_code,
        min(oracle_date(stvterm_start_date)) as starts,
    from stvterm
    group by stvterm_code;
create or replace macro best_address() as table
    select a.*
    from spraddr as a
    join setting_address_types as kind on a.spraddr_atyp_code = kind.code
    where
        a.spraddr_status_ind is distinct from 'I'
        and coalesce(oracle_date(a.spraddr_from_date), '') <= getvariable('as_of')::varchar
        and coalesce(oracle_date(a.spraddr_to_date), '9999') >= getvariable('as_of')::varchar
    qualify
        row_number() over (
            partition by a.spraddr_pidm
            order by number_in(kind.value), number_in(a.spraddr_seqno) desc, a._line
        )
        = 1;
create or replace macro best_phone() as table
    select *
    from sprtele
    where sprtele_status_ind is distinct from 'I'
    qualify
        row_number() over (
            partition by sprtele_pidm
            order by
                is_yes(sprtele_primary_ind) desc, number_in(sprtele_seqno) desc, _line
        )
        = 1;
create or replace macro best_email() as table
    select e.*, kind.value as kind
    from goremal as e
    join setting_email_types as kind on e.goremal_emal_code = kind.code
    where e.goremal_status_ind is distinct from 'I'
    qualify
        row_number() over (
            partition by e.goremal_pidm, kind.value
            order by is_yes(e.goremal_preferred_ind) desc, e._line
        )
        = 1;
create or replace macro newest_curriculum() as table
    select *
    from sorlcur
    where sorlcur_lmod_code = 'LEARNER'
    qualify
        row_number() over (
            partition by sorlcur_pidm, sorlcur_program, sorlcur_term_code
            order by number_in(sorlcur_seqno) desc, _line desc
        )
        = 1;
create or replace macro final_grade() as table
    select *
    from shrtckg
    qualify
        row_number() over (
            partition by shrtckg_pidm, shrtckg_term_code, shrtckg_tckn_seq_no
            order by number_in(shrtckg_seq_no) desc, _line desc
        )
        = 1;
create or replace macro first_level() as table
    select *
    from shrtckl
    qualify
        row_number() over (
            partition by shrtckl_pidm, shrtckl_term_code, shrtckl_tckn_seq_no
            order by is_yes(shrtckl_primary_levl_ind) desc, _line
        )
        = 1;
create or replace macro digits_of(value) as
    case
        when regexp_full_match(value, '[0-9 -]+') then regexp_replace(value, '[ -]', '', 'g')
        else value
    end;
-- SBGI codes mix UNITIDs, FICE and CEEB numbers and what a college made up.
create or replace macro institution_type(code) as
    case
        when code in (select d.code from code_institution_directory as d) then 'UNITID'
        when code in (select d.opeid6 from code_institution_directory as d) then 'OPEID6'
        when regexp_full_match(code, '\d{6}') then 'FICE'
        when regexp_full_match(code, '\d{4}') then 'CEEB'
        else 'LOCAL'
    end;
create or replace macro ending_year(code) as coalesce(
    (try_cast(code as integer) + getvariable('academic_year_offset'))::varchar, code
);
create or replace macro unit_of(given) as coalesce(
    (select u.value from setting_credit_units as u where u.code = given),
    given,
    getvariable('default_unit')
);
-- A term's place in time is its first day: codes of Banner terms mean nothing, 202310 is
-- autumn at one college and spring at another.
create or replace temp table calendar as
select term_code as term, try_cast(starts as date) as starts
from term_days()
where
    try_cast(starts as date) is not null
    -- The beginning and the end of time, which some colleges give days.
    and term_code not in ('000000', '999999');
set variable first_code = (select min(c.term) from calendar as c);
set variable last_code = (select max(c.term) from calendar as c);
create or replace macro is_beyond(code) as
    coalesce(code > getvariable('last_code'), false);
-- A code the calendar lacks lies where Banner itself puts it, which compares codes as
-- text: before the first term (000000 among them), between two, or beyond the last.
create or replace macro starting(code) as coalesce(
    (select known.starts from calendar as known where known.term = code),
    case
        when is_beyond(code) then date '9999-12-31'
        when code > getvariable('first_code')
            then (select min(known.starts) from calendar as known where known.term > code)
    end,
    date '0001-01-01'
);
-- The first term in which a row effective from that code holds.
create or replace macro known_term(code, begins) as coalesce(
    (select known.term from calendar as known where known.term = code),
    (
        select arg_min(known.term, known.starts) from calendar as known
        where known.starts >= begins
    )
);
create or replace macro term_before(day) as (
    select arg_max(c.term, c.starts) from calendar as c where c.starts < day
);
create or replace macro hours(value) as try_cast(value as decimal(18, 3));
-- What a student was in a term: the row of SGBSTDN with the greatest effective term that is
-- not after it.
create or replace temp table standing_from as
select *, starting(sgbstdn_term_code_eff) as starts
from sgbstdn
qualify
    row_number() over (
        partition by sgbstdn_pidm, starting(sgbstdn_term_code_eff)
        order by sgbstdn_term_code_eff desc, _line desc
    )
    = 1;
create or replace temp table standing as
with places as (
    select shrtckn_pidm as pidm, shrtckn_term_code as term from shrtckn
    union
    select sfrstcr_pidm, sfrstcr_term_code from sfrstcr
    union
    select shrtgpa_pidm, shrtgpa_term_code from shrtgpa
    union
    select sfbetrm_pidm, sfbetrm_term_code from sfbetrm
),

dated as (
    select pidm, term, starting(term) as starts from places
)

select
    d.pidm,
    d.term,
    s.sgbstdn_levl_code as levl_code,
    s.sgbstdn_styp_code as styp_code,
    s.sgbstdn_resd_code as resd_code,
from dated as d
asof left join standing_from as s
    on d.pidm = s.sgbstdn_pidm and d.starts >= s.starts;
create or replace macro is_dual(level, kind) as case
    when level in (select d.code from setting_dual_levels as d) then 'Y'
    when kind in (select d.code from setting_dual_student_types as d) then 'Y'
    else 'N'
end;
-- Effective-dated rows hold until the next one of the same thing. Of several that begin
-- in one term, as all do that began before the calendar, the greatest code counts.
create or replace temp table dated_grade as
select
    *,
    starts < date '9999-12-31' and starts is distinct from next_starts as holds,
from
    (
        select
            g.*,
            starting(g.shrgrde_term_code_effective) as starts,
            lead(starting(g.shrgrde_term_code_effective)) over (
                partition by g.shrgrde_gmod_code, g.shrgrde_code, g.shrgrde_levl_code
                order by
                    starting(g.shrgrde_term_code_effective),
                    g.shrgrde_term_code_effective,
                    g._line
            ) as next_starts,
        from shrgrde as g
    );
-- SHRGRDE has a row a level: the first one in the college's order counts.
create or replace temp table grade_meaning as
select g.*
from dated_grade as g
left join setting_level_order as place on g.shrgrde_levl_code = place.code
where g.holds
qualify
    row_number() over (
        partition by g.shrgrde_gmod_code, g.shrgrde_code, g.starts
        order by
            coalesce(try_cast(place.value as integer), 99),
            g.shrgrde_levl_code,
            g._line
    )
    = 1;
-- The catalogue. Two rows of one effective term stay two, so that F14 shows both.
create or replace temp table dated_course as
with effective as (
    select distinct
        scbcrse_subj_code as subj,
        scbcrse_crse_numb as numb,
        scbcrse_eff_term as eff_term,
        starting(scbcrse_eff_term) as starts,
    from scbcrse
    where not is_beyond(scbcrse_eff_term)
),

dated as (
    select
        *,
        lead(starts) over (partition by subj, numb order by starts, eff_term)
            as next_starts,
    from effective
)

select
    c.*,
    d.starts,
    d.next_starts,
    coalesce(d.starts is distinct from d.next_starts, false)
    and d.starts is not null as holds,
from scbcrse as c
left join dated as d
    on c.scbcrse_subj_code is not distinct from d.subj
    and c.scbcrse_crse_numb is not distinct from d.numb
    and c.scbcrse_eff_term is not distinct from d.eff_term;
create or replace temp table dated_program as
with effective as (
    select distinct
        smrprle_program as program,
        smrprle_term_code_eff as eff_term,
        starting(smrprle_term_code_eff) as starts,
    from smrprle
    where not is_beyond(smrprle_term_code_eff)
),

dated as (
    select
        *,
        lead(starts) over (partition by program order by starts, eff_term nulls first)
            as next_starts,
    from effective
)

select
    p.*,
    d.starts,
    coalesce(d.starts is distinct from d.next_starts, false)
    and d.starts is not null as holds,
from smrprle as p
left join dated as d
    on p.smrprle_program is not distinct from d.program
    and p.smrprle_term_code_eff is not distinct from d.eff_term;
-- A CRN means something only within its term; a section lives with its course as the
-- catalogue had it that term.
create or replace temp table class as
with dated as (
    select s.*, starting(s.ssbsect_term_code) as starts from ssbsect as s
)

select
    d.* exclude (starts),
    c.scbcrse_eff_term,
    c.scbcrse_title,
    c.scbcrse_credit_hr_low,
    coalesce(way.value, d.ssbsect_insm_code) as delivery,
from dated as d
asof left join
    (
        select * from dated_course
        where holds
        qualify
            row_number() over (
                partition by scbcrse_subj_code, scbcrse_crse_numb, starts
                order by _line desc
            )
            = 1
    ) as c
    on
        d.ssbsect_subj_code = c.scbcrse_subj_code
        and d.ssbsect_crse_numb = c.scbcrse_crse_numb
        and d.starts >= c.starts
left join setting_instruction_methods as way on d.ssbsect_insm_code = way.code;
-- Attributes of a course hold for its sections, where the section has not its own.
create or replace temp table inherited_attribute as
select
    s.ssbsect_term_code as term_code,
    s.ssbsect_crn as crn,
    a.scrattr_attr_code as attr_code,
    a._file,
    a._line,
from class as s
join
    scrattr as a
    on s.ssbsect_subj_code = a.scrattr_subj_code
    and s.ssbsect_crse_numb = a.scrattr_crse_numb
    and s.scbcrse_eff_term = a.scrattr_eff_term
join setting_attributes as meant on a.scrattr_attr_code = meant.code
where
    s.ssbsect_ssts_code = 'A'
    and not exists (
        select 1 from ssrattr as own
        where
            own.ssrattr_term_code = s.ssbsect_term_code
            and own.ssrattr_crn = s.ssbsect_crn
            and own.ssrattr_attr_code = a.scrattr_attr_code
    );
-- STVRSTS says what a registration status does; its code says nothing.
create or replace temp table registration as
select
    r.*,
    is_yes(v.stvrsts_incl_sect_enrl) as is_enrolled,
    is_yes(v.stvrsts_withdraw_ind) as is_withdrawn,
    is_yes(v.stvrsts_wait_ind) as is_waiting,
from sfrstcr as r
left join stvrsts as v on r.sfrstcr_rsts_code = v.stvrsts_code
where r.sfrstcr_error_flag is distinct from 'F'
qualify
    row_number() over (
        partition by r.sfrstcr_pidm, r.sfrstcr_term_code, r.sfrstcr_crn order by r._line
    )
    = 1;
-- Where SORLCUR has nothing for a student, the rows of SGBSTDN that begin a programme count.
create or replace temp table program_spell as
with kept as (
    select s.*, lag(s.sgbstdn_program_1) over w as before
    from standing_from as s
    where
        s.sgbstdn_pidm not in (
            select l.sorlcur_pidm from sorlcur as l
            where l.sorlcur_lmod_code = 'LEARNER' and l.sorlcur_pidm is not null
        )
    window w as (partition by s.sgbstdn_pidm order by s.starts)
),

begun as (
    select * from kept where sgbstdn_program_1 is distinct from before
)

select
    *,
    lead(starts) over (partition by sgbstdn_pidm order by starts) as next_starts,
from begun;
-- Ids and names that a person had before, beside the id of today.
create or replace temp table change_row as
select
    s.*,
    now.spriden_id as student_id,
    upper(s.spriden_last_name) is not distinct from upper(now.spriden_last_name)
    and upper(s.spriden_first_name) is not distinct from upper(now.spriden_first_name)
    and upper(s.spriden_mi) is not distinct from upper(now.spriden_mi)
    and s.spriden_ntyp_code is null as is_same_name,
from spriden as s
join current_person() as who on s.spriden_pidm = who.pidm
join spriden as now on who._line = now._line and who._file = now._file
where s.spriden_change_ind is not null;
