{#-
    All rows of the CTE `computed` and, in a backfill, the rows that this model holds of the days asked for and that are
    not among them, for the merge to delete (see with_rows_gone). `day` is the column that says a row's day. Without a
    backfill no row of such a model ever has to go.
-#}
{% macro with_backfilled_rows_gone(computed, key, day) -%}
    {%- set backfill = backfill_range() -%}
    {%- if backfill -%}
    {{ with_rows_gone(computed, columns=model.columns | list, key=key, scope=on_days(day, [backfill])) }}
    {%- else -%}
    select * from {{ computed }}
    {%- endif -%}
{%- endmacro %}
