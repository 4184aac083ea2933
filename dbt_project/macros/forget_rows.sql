{#-
    Empty a model that is built anew, in the transaction that fills it again, so that nobody sees it empty: after a
    rollback of the lake some rows may be of a withdrawn version, and a merge would keep them.
-#}
{% macro forget_rows() -%}
    {%- if is_incremental() and env_var('LANDFALL_BUILD_ANEW', '') -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}
