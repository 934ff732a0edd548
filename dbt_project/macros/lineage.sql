{#
    Where a row of a feed came from: package, file and line, under the names readers see.
    `relation` is the alias of the staging model where the select has several.
#}
{% macro lineage(relation=none) -%}
    {%- set prefix = relation ~ "." if relation else "" -%}
    {{ prefix }}_as_of as recorded_at,
    {{ prefix }}_package_id as package_id,
    {{ prefix }}_file_sha256 as file_sha256,
    {{ prefix }}_file_name as file_name,
    {{ prefix }}_line as line,
    {{ prefix }}_contract_version as contract_version,
{%- endmacro %}
