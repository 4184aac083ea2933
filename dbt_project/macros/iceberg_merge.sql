{#-
    dbt-athena's merge, which by a model's `meta.never_moves_on` looks for the rows to match in less than the whole
    table: that column of a row is never later than it was in the table, so rows from the earliest new one on suffice.
    A backfill looks everywhere, since what has to be mended may be this very column, and writes every row again,
    whichever of its columns is wrong.
-#}
{% macro iceberg_merge(
    on_schema_change, tmp_relation, target_relation, unique_key, incremental_predicates, update_condition
) -%}
    {%- set column = config.get('meta', {}).get('never_moves_on') -%}
    {%- set backfill = backfill_range() -%}
    {%- set predicates = incremental_predicates -%}
    {%- if column and not backfill -%}
        {%- set predicates = (predicates or []) + [from_earliest(tmp_relation, 'target.' ~ column)] -%}
    {%- endif -%}
    {{ return(dbt.iceberg_merge(
        on_schema_change,
        tmp_relation,
        target_relation,
        unique_key,
        predicates,
        update_condition=none if backfill else update_condition,
        **kwargs
    )) }}
{%- endmacro %}
