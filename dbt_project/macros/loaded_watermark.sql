{#-
    From where on raw rows are new to this model, as a timestamp literal: `load_overlap_hours` before the newest
    `_loaded_at` it holds. A literal and no subquery, so that the engine skips files by their statistics and cost stays
    with the new data. A model that is built anew takes all.
-#}
{% macro loaded_watermark() -%}
    {%- set newest = newest_loaded_at() if execute and is_incremental() and not env_var('LANDFALL_BUILD_ANEW', '') -%}
    {%- if newest -%}
        {%- set overlap = modules.datetime.timedelta(hours=var('load_overlap_hours')) -%}
        timestamp '{{ modules.datetime.datetime.fromisoformat(newest) - overlap }}'
    {%- else -%}
        timestamp '1970-01-01 00:00:00'
    {%- endif -%}
{%- endmacro %}
