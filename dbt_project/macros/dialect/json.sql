{# JSON text of a text or boolean; null for null. #}
{% macro json_value(expression) -%}
    cast(to_json({{ expression }}) as varchar)
{%- endmacro %}

{#
    JSON text of a decimal: integral values without a point, others without trailing zeros, never
    an exponent, because JSON-LD processors disagree on `3.0` and `1e-7`. Null for null.
#}
{% macro json_number(expression) -%}
    case
        when {{ expression }} = trunc({{ expression }})
        then cast(cast({{ expression }} as bigint) as varchar)
        else rtrim(cast({{ expression }} as varchar), '0')
    end
{%- endmacro %}

{# A grade point average as transcripts print it: two decimals, a third only where it says more. #}
{% macro grade_average(expression) -%}
    case
        when {{ expression }} = round({{ expression }}, 2)
        then cast(cast({{ expression }} as decimal(5, 2)) as varchar)
        else cast({{ expression }} as varchar)
    end
{%- endmacro %}

{# JSON text of a date as the midnight it begins with; date-only facts have no better time. #}
{% macro json_day(expression) -%}
    '"' || strftime({{ expression }}, '%Y-%m-%d') || 'T00:00:00Z"'
{%- endmacro %}

{# JSON text of the last second of a date: what is valid until a day is valid on that day. #}
{% macro json_day_end(expression) -%}
    '"' || strftime({{ expression }}, '%Y-%m-%d') || 'T23:59:59Z"'
{%- endmacro %}

{# JSON text of a timestamp with time zone, in UTC, to the second. #}
{% macro json_instant(expression) -%}
    '"' || strftime({{ expression }} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') || '"'
{%- endmacro %}

{# JSON text `"urn:uuid:..."` of an id. #}
{% macro json_urn(expression) -%}
    '"urn:uuid:' || {{ expression }} || '"'
{%- endmacro %}

{#
    Members of a JSON object, without its braces, of pairs [name, expression giving JSON text]. A
    null expression leaves its member out, so the documents hold nothing empty.
#}
{% macro json_members(members) -%}
    concat_ws(
        ',',
        {% for name, expression in members -%}
            '"{{ name }}":' || {{ expression }}{{ "," if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}

{# JSON object of pairs, as json_members. #}
{% macro json_object(members) -%}
    '{' || {{ json_members(members) }} || '}'
{%- endmacro %}

{# JSON list of an aggregated expression giving JSON text, in a stated order; null when empty. #}
{% macro json_array_agg(expression, order_by, filter=none) -%}
    '[' || string_agg({{ expression }}, ',' order by {{ order_by }})
    {%- if filter %} filter (where {{ filter }}){% endif %} || ']'
{%- endmacro %}

{# JSON list of the texts of a list, in its order; null when there are none. #}
{% macro json_texts(expression) -%}
    case
        when len({{ expression }}) > 0 then cast(to_json({{ expression }}) as varchar)
    end
{%- endmacro %}

{#
    A text as the path or query of an IRI: what RFC 3986 does not allow there is percent-encoded,
    since one space in an `id` stops a JSON-LD processor.
#}
{% macro is_web_address(expression) -%}
    regexp_full_match(
        {{ expression }}, 'https?://[A-Za-z0-9._~:/?#\[\]@!$&''()*+,;=%-]+'
    )
{%- endmacro %}
