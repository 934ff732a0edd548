{#
    Where a row of a feed came from: package, file and line, under the names readers see.
    `relation` is the alias of the staging model.
#}
{% macro lineage(relation) -%}
    {{ relation }}._as_of as recorded_at,
    {{ relation }}._package_id as package_id,
    {{ relation }}._file_sha256 as file_sha256,
    {{ relation }}._file_name as file_name,
    {{ relation }}._line as line,
    {{ relation }}._contract_version as contract_version,
{%- endmacro %}
