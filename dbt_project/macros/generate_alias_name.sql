{#
    clr_assertion is the table `assertion` of the schema clr, pub_assertion that of published,
    and a guarded table has the prefix grd_: readers see one name, dbt needs two.
#}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%} {{ custom_alias_name }}
    {%- elif node.name[:4] in ["clr_", "pub_", "grd_"] -%} {{ node.name[4:] }}
    {%- else -%} {{ node.name }}
    {%- endif -%}
{%- endmacro %}
