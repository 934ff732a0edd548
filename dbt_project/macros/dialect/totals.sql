{#
    Totals of a relation per college, one row a measure: `measures` maps its name to an expression
    to sum. `part` adds a column `part_name`: the share of the total where a condition holds.
#}
{% macro totals(relation, measures, part_name=none, part=none) -%}
    select
        institution_code,
        unnest(['{{ measures.keys() | join("', '") }}']) as measure,
        unnest(
            [
                {% for expression in measures.values() -%}
                    cast(
                        coalesce(sum({{ expression }}), 0) as decimal(18, 3)
                    ){{ "," if not loop.last }}
                {% endfor %}
            ]
        ) as total,
        {% if part -%}
            unnest(
                [
                    {% for expression in measures.values() -%}
                        cast(
                            coalesce(
                                sum({{ expression }}) filter (where {{ part }}), 0
                            ) as decimal(18, 3)
                        ){{ "," if not loop.last }}
                    {% endfor %}
                ]
            ) as {{ part_name }},
        {%- endif %}
    from {{ relation }}
    group by institution_code
{%- endmacro %}
