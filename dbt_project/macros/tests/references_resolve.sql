{#
    Values of several columns that have no row in the table they point at. One test a table
    instead of one a column: a dbt test costs as much as its query here.
#}
{% test references_resolve(model, references) %}
    {% for reference in references %}
        select '{{ reference.column }}' as reference, count(*) as dangling
        from {{ model }} as pointing
        anti join
            {{ reference.to }} as target
            on pointing.{{ reference.column }} = target.{{ reference.field }}
        where pointing.{{ reference.column }} is not null
        having count(*) > 0 {{ "union all" if not loop.last }}
    {% endfor %}
{% endtest %}
