{#-
    Make the table in which each model of the warehouse notes its builds (log_build.sql) until they are published; on
    the lake, where Iceberg's snapshots tell, there is nothing to do.
-#}
{% macro create_build_log() -%}
    {{ adapter.dispatch('create_build_log', 'landfall')() }}
{%- endmacro %}

{% macro default__create_build_log() %}{% endmacro %}

{% macro redshift__create_build_log() -%}
    {%- set schema = generate_schema_name('warehouse', none) -%}
    create schema if not exists {{ schema }};
    create table if not exists {{ schema }}.build_log (
        dataset varchar(128) not null,
        build_id varchar(64) not null,
        lake_version bigint,
        key_columns varchar(1024) not null,
        loaded_until timestamp,
        overlap_hours integer not null,
        is_anew boolean not null,
        built_at timestamp not null
    ) diststyle all
{%- endmacro %}
