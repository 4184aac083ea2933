{#-
    Note in the transaction of a model's build that it was built, and what a publication has to know to carry no more
    than the rows that changed: their key, and from when on rows may have changed (the next build looks for rows from
    `overlap_hours` before `loaded_until`, see loaded_watermark.sql). Inserts alone: builds of other models go on.
-#}
{% macro log_build() -%}
    {%- set key = config.require('unique_key') -%}
    {#- The rows of a backfill keep the time they were loaded, by which nobody would see that they changed. -#}
    {%- set anew = env_var('LANDFALL_BUILD_ANEW', '') or not is_incremental() or backfill_range() -%}
    insert into {{ this.schema }}.build_log (
        dataset, build_id, lake_version, key_columns, loaded_until, overlap_hours, is_anew, built_at
    )
    select
        '{{ this.identifier }}',
        '{{ invocation_id }}',
        {{ env_var('LANDFALL_LAKE_VERSION', '') or 'cast(null as bigint)' }},
        '{{ key if key is string else key | join(',') }}',
        {{ 'max(_loaded_at)' if '_loaded_at' in model.columns else 'cast(null as timestamp)' }},
        {{ var('load_overlap_hours') }},
        {{ 'true' if anew else 'false' }},
        sysdate
    {{ 'from ' ~ this if '_loaded_at' in model.columns }}
{%- endmacro %}
