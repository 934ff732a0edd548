-- Hand-maintained. Degrees sought and conferred share a table: the status decides.
select
    who.student_id,
    d.shrdgmr_seq_no as award_id,
    d.shrdgmr_program as program_code,
    coalesce(d.shrdgmr_award_level, p.smrprle_award_level) as award_level,
    d.shrdgmr_degc_code as credential_type,
    coalesce(d.shrdgmr_title, p.smrprle_program_desc) as title,
    cip_of(coalesce(d.shrdgmr_cipc_code, m.stvmajr_cipc_code)) as cip_code,
    state.value as status,
    oracle_date(d.shrdgmr_grad_date) as awarded_on,
    d.shrdgmr_term_code_grad as award_term,
    d.shrdgmr_honors as honors,
    plain_number(d.shrdgmr_credits) as credits_at_award,
    plain_number(d.shrdgmr_gpa) as gpa_at_award,
    yes_no(d.shrdgmr_reverse_ind) as reverse_transfer,
    d.shrdgmr_ctid as ctid,
    d._line,
    d._file,
from shrdgmr as d
join student_of() as who on d.shrdgmr_pidm = who.pidm
join setting_degree_statuses as state on d.shrdgmr_degs_code = state.code
left join
    (
        select *
        from dated_program
        where holds
        qualify
            row_number() over (
                partition by smrprle_program order by starts desc, _line desc
            )
            = 1
    ) as p
    on d.shrdgmr_program = p.smrprle_program
left join
    (
        select *
        from stvmajr
        qualify row_number() over (partition by stvmajr_code order by _line) = 1
    ) as m
    on p.smrprle_majr_code = m.stvmajr_code
