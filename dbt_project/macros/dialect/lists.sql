{# The texts that are not null, in the order given. #}
{% macro texts(expressions) -%}
    list_filter([{{ expressions | join(", ") }}], lambda one:one is not null)
{%- endmacro %}

{# A list of no texts. #}
{% macro no_texts() -%} cast([] as varchar[]) {%- endmacro %}

{# The different trimmed parts of a separated text, in alphabetical order. #}
{% macro parts_of(expression, separator) -%}
    list_sort(
        list_distinct(
            list_filter(
                list_transform(
                    string_split(coalesce({{ expression }}, ''), '{{ separator }}'),
                    lambda one:trim(one)
                ),
                lambda one:one <> ''
            )
        )
    )
{%- endmacro %}

{# The different values of a group, in order. #}
{% macro collected(expression) -%}
    list_sort(list_distinct(list({{ expression }})))
{%- endmacro %}
