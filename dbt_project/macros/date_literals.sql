{#-
    The dates that `query` returns (one column), as a list of literals to stand in `in (…)`; null when there is none.
    Literals prune partitions, which the same dates in a subquery would not.
-#}
{% macro date_literals(query) -%}
    {%- set dates = [] -%}
    {%- if execute -%}
        {%- for value in run_query(query).columns[0].values() -%}
            {%- do dates.append("date '" ~ value ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    {{ (dates | sort | join(', ')) or 'null' }}
{%- endmacro %}
