{# The natural key behind every id, in one place; see uuid5 for how a key becomes an id. #}
{% macro organization_id(institution_code) -%}
    {{ record_id("organization", [institution_code]) }}
{%- endmacro %}

{# An organisation known by its name only. #}
{% macro named_organization_id(name) -%}
    {{ record_id("named organization", [name]) }}
{%- endmacro %}

{% macro term_id(institution_code, term_code) -%}
    {{ record_id("term", [institution_code, term_code]) }}
{%- endmacro %}

{% macro result_description_id(achievement_id, kind) -%}
    {{ record_id("result description", [achievement_id, kind]) }}
{%- endmacro %}
