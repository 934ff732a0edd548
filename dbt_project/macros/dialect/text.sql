{# Whether a whole text matches a regular expression. #}
{% macro matches(expression, pattern) -%}
    regexp_full_match({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{# SHA-256 of a text in UTF-8, as 64 hexadecimal digits. #}
{% macro digest(expression) -%} sha256({{ expression }}) {%- endmacro %}

{# A date or timestamp as text that sorts as time does; the beginning of time for null. #}
{% macro sortable(expression) -%}
    coalesce(strftime({{ expression }}, '%Y%m%d%H%M%S%f'), '')
{%- endmacro %}
