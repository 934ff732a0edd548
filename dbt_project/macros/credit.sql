{#
    Credit in semester hours: a quarter hour is two thirds of one. Null for clock hours, CEU and no
    credit: nothing agreed says what they are worth.
#}
{% macro semester_hours(credits, unit) -%}
    cast(
        case
            {{ unit }} when 'SH' then {{ credits }} when 'QH' then {{ credits }} * 2 / 3
        end as decimal(9, 3)
    )
{%- endmacro %}

{# What colleges count in: semester and quarter hours convert, clock hours stand alone. #}
{% macro counted_in(unit) -%}
    case
        {{ unit }} when 'SH' then 'SH' when 'QH' then 'SH' when 'CLOCK' then 'CLOCK'
    end
{%- endmacro %}

{# Credit in the unit of `counted_in`; null where that is null. #}
{% macro counted_credit(credits, unit) -%}
    cast(
        case
            {{ unit }}
            when 'SH'
            then {{ credits }}
            when 'QH'
            then {{ credits }} * 2 / 3
            when 'CLOCK'
            then {{ credits }}
        end as decimal(9, 3)
    )
{%- endmacro %}
