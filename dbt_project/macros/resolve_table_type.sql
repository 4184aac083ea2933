{#-
    dbt-athena's own answer, but for a unit test: that first makes an empty table of its model's columns, and the Hive
    table it would make cannot hold a timestamp(6).
-#}
{% macro resolve_table_type() -%}
    {{ return('iceberg' if model.resource_type == 'unit_test' else dbt.resolve_table_type()) }}
{%- endmacro %}
