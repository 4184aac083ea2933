{#-
    All rows of the CTE `computed` and, in an incremental run, the rows this model already holds of the same scope whose
    `key` is not among them, with nulls in all other `columns`: the model's `delete_condition` makes the merge delete
    those. `scope` is the condition on known rows that `computed` covers (`false`: none); without one it covers all.
-#}
{% macro with_rows_gone(computed, columns, key, scope=none) -%}
    {%- if is_incremental() and scope != 'false' -%}
    select
        {%- for column in columns %}
        {% if column in key -%}
        coalesce({{ computed }}.{{ column }}, known.{{ column }}) as {{ column }}
        {%- else -%}
        {{ computed }}.{{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ computed }}
    full outer join (
        select {{ key | join(', ') }} from {{ this }}{{ ' where ' ~ scope if scope }}
    ) as known
        on
            {%- for column in key %}
            {{ computed }}.{{ column }} = known.{{ column }}{{ ' and' if not loop.last }}
            {%- endfor %}
    {%- else -%}
    select {{ columns | join(', ') }} from {{ computed }}
    {%- endif -%}
{%- endmacro %}
