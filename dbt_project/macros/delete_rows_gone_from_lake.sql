{#-
    Delete this model's rows whose `key` the published `table` holds no more: a merge adds and changes rows only.
    Meant for aggregates, whose keys are few. Before the merge, so that the build log sees the rows as they stay.
-#}
{% macro delete_rows_gone_from_lake(table, key) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ source('published', table) }} as lake
        where
            {%- for column in key %}
            lake.{{ column }} = {{ this.identifier }}.{{ column }}{{ ' and' if not loop.last }}
            {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}
