-- Hand-maintained. One row may confer a degree and, position by position, certificates.
with conferred as (
    select
        a.*,
        0 as position,
        a.acad_acad_program as program,
    from acad_credentials as a
    where a.acad_degree is not null and is_own(a.acad_institutions_id)
    union all
    select
        a.*,
        unnest(range(1, len(multi(a.acad_ccd)) + 1)) as position,
        null as program,
    from acad_credentials as a
    where a.acad_ccd is not null and is_own(a.acad_institutions_id)
),

ccd as (
    select unnest(multi(p.acpg_ccds)) as code, p.acad_programs_id as program
    from acad_programs as p
),

programs as (
    select * from acad_programs
    qualify row_number() over (partition by acad_programs_id) = 1
),

resolved as (
    select
        c.* exclude (program),
        coalesce(
            c.program,
            (
                select min(ccd.program) from ccd
                where ccd.code = multi(c.acad_ccd)[c.position]
            ),
            multi(c.acad_ccd)[c.position]
        ) as program,
    from conferred as c
)

select
    r.acad_person_id as student_id,
    case
        when r.position = 0 then r.acad_credentials_id
        else r.acad_credentials_id || '-' || r.position
    end as award_id,
    r.program as program_code,
    coalesce(level.value, p.acpg_award_level) as award_level,
    case
        when r.position = 0 then r.acad_degree
        else coalesce(p.acpg_degree, multi(r.acad_ccd)[r.position])
    end as credential_type,
    coalesce(
        case
            when r.position = 0 then r.acad_diploma_title
            else multi(r.acad_ccd_title)[r.position]
        end,
        p.acpg_title
    ) as title,
    cip_of(p.acpg_cip) as cip_code,
    case when r.acad_revoked_date is null then 'AWARDED' else 'REVOKED' end as status,
    day_of(
        case
            when r.position = 0 then r.acad_degree_date
            else multi(r.acad_ccd_date)[r.position]
        end
    ) as awarded_on,
    r.acad_term as award_term,
    case when r.position = 0 then newest(r.acad_honors) end as honors,
    number_of(
        case
            when r.position = 0 then r.acad_no_credits
            else multi(r.acad_ccd_credits)[r.position]
        end
    ) as credits_at_award,
    plain_number(
        case
            when r.position = 0 then r.acad_gpa else multi(r.acad_ccd_gpa)[r.position]
        end
    ) as gpa_at_award,
    yes_no(r.x_reverse_transfer) as reverse_transfer,
    p.acpg_ctid as ctid,
    r._line,
    r._file,
from resolved as r
left join programs as p on r.program = p.acad_programs_id
left join setting_award_levels as level on p.acpg_award_level = level.code
