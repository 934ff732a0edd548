{%- set amounts = {
    "attempted_credit": (
        "clr_fact_section_enrolment",
        "credit_unit",
        "attempted_credit",
    ),
    "earned_credit": (
        "clr_fact_section_enrolment",
        "credit_unit",
        "earned_credit",
    ),
    "sent_credit": (
        "clr_fact_transfer_credit",
        "source_credit_unit",
        "source_credit",
    ),
    "accepted_credit": (
        "clr_fact_transfer_credit",
        "credit_unit",
        "accepted_credit",
    ),
    "applied_credit": (
        "clr_fact_transfer_credit",
        "credit_unit",
        "applied_credit",
    ),
} -%}

-- Sums of the ledger that are not those of the facts, by college, unit and amount.
with

    sums as (
        {% for amount, (fact, unit, column) in amounts.items() %}
            select
                institution_code,
                '{{ amount }}' as amount,
                {{ unit }} as unit,
                coalesce(sum({{ column }}), 0) as of_facts,
                0 as of_ledger,
                count(*) as fact_rows,
                0 as ledger_rows,
            from {{ ref(fact) }}
            group by institution_code, {{ unit }}
            union all
            select
                institution_code,
                '{{ amount }}' as amount,
                {{ "sent_unit" if unit == "source_credit_unit" else unit }} as unit,
                0 as of_facts,
                coalesce(sum({{ amount }}), 0) as of_ledger,
                0 as fact_rows,
                count(*) as ledger_rows,
            from {{ ref("clr_credit_ledger") }}
            where record_kind = '{{ "transfer" if "transfer" in fact else "course" }}'
            group by institution_code, unit {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    institution_code,
    amount,
    unit,
    sum(of_facts) as of_facts,
    sum(of_ledger) as of_ledger,
    sum(fact_rows) as fact_rows,
    sum(ledger_rows) as ledger_rows,
from sums
group by institution_code, amount, unit
having sum(of_facts) <> sum(of_ledger) or sum(fact_rows) <> sum(ledger_rows)
