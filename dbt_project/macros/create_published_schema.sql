{#- Let the warehouse read the lake's published tables; on the lake there is nothing to do. -#}
{% macro create_published_schema() -%}
    {{ adapter.dispatch('create_published_schema', 'landfall')() }}
{%- endmacro %}

{% macro default__create_published_schema() %}{% endmacro %}

{% macro redshift__create_published_schema() -%}
    create external schema if not exists {{ var('published_schema') }}
    from data catalog database '{{ var('published_schema') }}' iam_role default
{%- endmacro %}
