{#- A folder's schema is used as it is: the chain's words are the same in S3, in Glue and here. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ var('schema_prefix') ~ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
