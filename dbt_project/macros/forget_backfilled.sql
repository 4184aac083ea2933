{#-
    Delete the rows of the days that a backfill computes again, in the transaction that fills them again. `day` is the
    column that says a row's day. Without a backfill there is nothing to do.
-#}
{% macro forget_backfilled(day) -%}
    {%- set backfill = backfill_range() -%}
    {%- if backfill -%}
    delete from {{ this }} where {{ on_days(day, [backfill]) }}
    {%- endif -%}
{%- endmacro %}
