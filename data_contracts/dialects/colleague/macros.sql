-- Hand-maintained. Dates as 08/14/24, 08/14/2024 or days since 1967-12-31; what is none of
-- these stays as it is, so that the edit of the column names the college's own value.
create or replace macro day_in_year(value, number) as
    try_strptime(left(value, length(value) - 2) || number, '%m/%d/%Y');
create or replace macro two_digit_day(value, last) as
    case
        when day_in_year(value, latest_year(right(value, 2), last)) <= last
            then day_in_year(value, latest_year(right(value, 2), last))
        else day_in_year(value, latest_year(right(value, 2), last) - 100)
    end;
create or replace macro colleague_day(value, last) as
    case
        when regexp_full_match(value, '\d{1,2}/\d{1,2}/\d{4}')
            then iso_date(value, '%m/%d/%Y')
        when regexp_full_match(value, '\d{1,2}/\d{1,2}/\d{2}')
            then coalesce(strftime(two_digit_day(value, last), '%Y-%m-%d'), value)
        else unidata_date(value)
    end;
create or replace macro day_of(value) as
    colleague_day(value, getvariable('as_of') + interval 20 year);
create or replace macro birth_of(value) as colleague_day(value, getvariable('as_of'));
-- A raw number has its decimals implied: 300 with two of them is 3.00.
create or replace macro number_of(value) as
    case
        when getvariable('implied_decimals') > 0
            and regexp_full_match(value, '[+-]?\d+')
            then cast(
                cast(value as decimal(18, 5))
                / power(10, getvariable('implied_decimals')) as decimal(18, 5)
            )::varchar
        else plain_number(value)
    end;
create or replace macro newest(value) as multi(value)[1];
-- A status is a list, newest first, and its code says nothing: the action does.
create or replace macro stc_action(status) as (
    select a.value from setting_status_actions as a where a.code = newest(status)
);
-- Degrees of other colleges and diplomas of high schools are kept in ACAD.CREDENTIALS too.
create or replace macro is_own(institution) as
    coalesce(institution = getvariable('own_institution_id'), false);
-- PERSON holds vendors and other organisations too.
create or replace macro is_company(flag) as coalesce(flag = 'Y', false);
create or replace macro is_transfer(status) as
    coalesce(stc_action(status), '') in ('7', '8');
create or replace macro subject_of(course) as
    case when contains(course, '-') then split_part(course, '-', 1) else course end;
create or replace macro number_after(course) as
    case
        when contains(course, '-') then substr(course, strpos(course, '-') + 1)
    end;
