{#-
    The column that says a row's day of a model, which is a node of dbt's graph: the one that it is partitioned by, or
    whose `meta.never_moves_on` the merge goes by. None for a model of which all rows are tested.
-#}
{% macro day_column(node) %}
    {%- set partition = (node.config.get('partitioned_by') or [''])[0] if node else '' -%}
    {%- set found = modules.re.fullmatch('[a-z]+[(]([a-z_]+)[)]', partition) -%}
    {{ return(found[1] if found else (node.config.get('meta', {}).get('never_moves_on') if node else none)) }}
{% endmacro %}
