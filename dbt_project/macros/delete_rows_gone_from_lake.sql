{#-
    Delete this model's rows whose `key` the published `table` holds no more: a merge adds and changes rows only. Before
    the merge, so that the build log sees the rows as they stay. `day` is the column of the key that says the day of
    sales a row sums; only days that order lines touched since the last run are looked at. Without it all rows are,
    which is meant for tables of few.
-#}
{% macro delete_rows_gone_from_lake(table, key, day=none) -%}
    {%- set changes = source('published', 'fct_sales_day_changes') -%}
    {%- if is_incremental() -%}
    {%- set days = touched_days(
        'select sales_date from ' ~ changes ~ ' where _loaded_at > ' ~ loaded_watermark()
    ) if day -%}
    delete from {{ this }}
    where
        {{ on_days(day, days) ~ ' and ' if day }}not exists (
            select 1
            from {{ source('published', table) }} as lake
            where
                {{ on_days('lake.' ~ day, days) ~ ' and ' if day }}
                {%- for column in key %}
                lake.{{ column }} = {{ this.identifier }}.{{ column }}{{ ' and' if not loop.last }}
                {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}
