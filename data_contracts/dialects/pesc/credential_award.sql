with conferred as (
    select
        *,
        pesc_term(designator, suffix, session_name, term_code) as session_term,
        row_number() over (partition by _file, student_id order by _line) as place,
        coalesce(awarded_on, completed_on) as conferred_on
    from award
    where
        pesc_is_own(school_name, ipeds, opeid, local_id)
        and coalesce(lower(completed), 'true') not in ('false', '0')
        and coalesce(awarded_on, completed_on) is not null
),

-- An award of the whole record was conferred in the student's term that ends nearest
-- to its day.
nearest as (
    select
        conferred._file,
        conferred._line,
        min_by(
            pesc_term(s.designator, s.suffix, s.session_name, s.term_code),
            abs(
                date_diff(
                    'day',
                    try_cast(coalesce(s.end_date, s.designator || '-28') as date),
                    try_cast(conferred.conferred_on as date)
                )
            )
        ) as term
    from conferred
    inner join session as s on conferred._file = s._file
    where pesc_is_own(s.school_name, s.ipeds, s.opeid, s.local_id)
    group by all
)

select
    conferred.student_id,
    coalesce(conferred.award_id, cast(conferred.place as varchar)) as award_id,
    coalesce(conferred.program_code, conferred.cip_code) as program_code,
    pesc_award_level(conferred.award_level) as award_level,
    coalesce(conferred.credential_type, getvariable('default_award_type'))
        as credential_type,
    coalesce(conferred.title, conferred.program_name) as title,
    conferred.cip_code,
    coalesce(conferred.award_status, 'AWARDED') as status,
    conferred.conferred_on as awarded_on,
    coalesce(conferred.award_term, conferred.session_term, nearest.term) as award_term,
    conferred.honors,
    conferred.credits as credits_at_award,
    conferred.average as gpa_at_award,
    coalesce(conferred.reverse_transfer, 'N') as reverse_transfer,
    conferred.ctid,
    conferred.updated_at as record_updated_at,
    conferred._file,
    conferred._line
from conferred
left join nearest
    on conferred._file = nearest._file
    and conferred._line = nearest._line
