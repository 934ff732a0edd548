{# Rules of severity error that found something. #}
{% test no_errors_found(model) %}
    select institution_code, finding, found from {{ model }} where verdict = 'error'
{% endtest %}
