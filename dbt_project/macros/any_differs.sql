{#-
    The condition of a merge that one of `columns` is new: rows computed again with the same result are not rewritten,
    so that a run without news leaves the table's snapshot, and with it the published version, as it is.
-#}
{% macro any_differs(columns) -%}
    (
    {%- for column in columns -%}
        src.{{ column }} is distinct from target.{{ column }}{{ ' or ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
