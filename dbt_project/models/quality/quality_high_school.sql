with

    judged as (
        select
            dual.institution_code,
            dual.high_school_code_kind,
            dual.high_school_grad_year,
            dual.told_by,
            extract(year from term.start_date) * 100
            + extract(month from term.start_date)
            >= dual.high_school_grad_year * 100 + 7 as is_after_graduation,
        from {{ ref("clr_dual_enrolment") }} as dual
        left join {{ ref("clr_term") }} as term on dual.term_id = term.term_id
    ),

    findings as (
        select institution_code, 'dual_without_high_school' as finding,
        from judged
        where high_school_code_kind is null
        union all
        select institution_code, 'high_school_code_not_ceeb' as finding,
        from judged
        where high_school_code_kind = 'OTHER'
        union all
        select institution_code, 'dual_without_graduation_year' as finding,
        from judged
        where high_school_grad_year is null
        union all
        select institution_code, 'dual_after_graduation' as finding,
        from judged
        where is_after_graduation
        union all
        select institution_code, 'dual_told_by_one_feed' as finding,
        from judged
        where told_by <> 'both'
    )

select institution_code, finding, count(*) as found,
from findings
group by institution_code, finding
