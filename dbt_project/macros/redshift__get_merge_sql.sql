{#- dbt-redshift's merge, made to read less of the table as `iceberg_merge` does. -#}
{% macro redshift__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set column = config.get('meta', {}).get('never_moves_on') -%}
    {%- set predicates = incremental_predicates -%}
    {%- if column and not backfill_range() -%}
        {%- set predicates = (predicates or []) + [from_earliest(source, target ~ '.' ~ column)] -%}
    {%- endif -%}
    {{ return(dbt.redshift__get_merge_sql(target, source, unique_key, dest_columns, predicates)) }}
{%- endmacro %}
