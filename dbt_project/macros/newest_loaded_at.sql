{#-
    The newest `_loaded_at` of this model as text, none without rows. It is looked for among the rows of the last week
    first, which most runs find by reading the newest files only; the clock decides what is read, never the answer.
-#}
{% macro newest_loaded_at() %}
    {%- set week_ago = (run_started_at - modules.datetime.timedelta(days=7)).strftime('%Y-%m-%d %H:%M:%S') -%}
    {%- for condition in ("where _loaded_at > timestamp '" ~ week_ago ~ "'", '') -%}
        {%- set found = run_query('select cast(max(_loaded_at) as varchar(40)) from ' ~ this ~ ' ' ~ condition) -%}
        {%- if found.columns[0].values()[0] -%}
            {{ return(found.columns[0].values()[0] | string) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
