{#-
    A table or view is created under its own name. dbt's own way (an intermediate name, a
    rename, a backup, a drop) serves a database that somebody reads meanwhile; a night builds
    into a new file. It was a third of what 117 models of no rows cost.
-#}
{% materialization table, adapter = "duckdb", supported_languages = ["sql"] %}
    {{ return(replaced_by("table", create_table_as(False, this, sql))) }}
{% endmaterialization %}


{% materialization view, adapter = "duckdb" %}
    {{ return(replaced_by("view", get_create_view_as_sql(this, sql))) }}
{% endmaterialization %}


{% macro replaced_by(kind, create) %}
    {% set target = this.incorporate(type=kind) %}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {% call statement("main") -%} {{ create }} {%- endcall %}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmacro %}
