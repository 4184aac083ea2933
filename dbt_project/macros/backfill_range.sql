{#-
    The days that `--vars '{"backfill_from": "2026-10-01", "backfill_to": "2026-11-01"}'` asks to compute again, as
    [first day, day after the last]: `backfill_from` is inclusive, `backfill_to` exclusive, as in Airflow's intervals.
    None without them (or with empty ones), and for a model that is built anew, which takes all days. Refuses one
    without the other, what is no day, and a range without a day.
-#}
{% macro backfill_range() %}
    {%- set first = parsed_day('backfill_from') -%}
    {%- set after = parsed_day('backfill_to') -%}
    {%- if (first is none) != (after is none) -%}
        {%- do exceptions.raise_compiler_error(
            'backfill_from and backfill_to go together: '
            ~ ('backfill_from' if first is none else 'backfill_to') ~ ' is missing'
        ) -%}
    {%- endif -%}
    {%- if first is not none and first >= after -%}
        {%- do exceptions.raise_compiler_error(
            'no day to backfill: backfill_to (' ~ after ~ ') is exclusive and must be after backfill_from ('
            ~ first ~ ')'
        ) -%}
    {%- endif -%}
    {%- if first is none or not is_incremental() or env_var('LANDFALL_BUILD_ANEW', '') -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return([first, after]) }}
{% endmacro %}
