{#-
    `cents` of a currency as whole euro cents at `rate` euros a unit; null without a rate. Exact in decimals, a half is
    rounded away from zero: bigint (19 digits) times decimal(18, 8) stays within the engines' 38 digits.
-#}
{% macro in_euro_cents(cents, rate) -%}
    cast(round({{ cents }} * {{ rate }}) as bigint)
{%- endmacro %}
