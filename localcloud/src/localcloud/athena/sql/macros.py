"""DuckDB macros that behave as Trino's functions of the same name. Source: Trino's documentation, 'Functions and operators'."""

from __future__ import annotations

import duckdb

_JSON_STRINGS = r"""'"(?:[^"\\]|\\.)*"'"""

MACROS = [
    # A cast that fails, since DuckDB's error() is volatile and so not allowed inside TRY. The text in DuckDB's message
    # carries Trino's error name, which errors.py reads back.
    "trino_error(code, message) AS CAST(CAST('TRINO:' || code || ':' || message || ':END' AS INTEGER) AS VARCHAR)",
    # Arithmetic
    """trino_int_div(a, b) AS CASE WHEN b = 0 THEN CAST(trino_error('DIVISION_BY_ZERO', 'Division by zero') AS BIGINT)
       ELSE a // b END""",
    """trino_mod(a, b) AS CASE WHEN b = 0 THEN trino_error('DIVISION_BY_ZERO', 'Division by zero')::INTEGER ELSE a % b END""",
    "trino_ln(x) AS CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END",
    "trino_log2(x) AS CASE WHEN x > 0 THEN log2(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END",
    "trino_log10(x) AS CASE WHEN x > 0 THEN log10(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END",
    "trino_log(b, x) AS trino_ln(x) / trino_ln(b)",
    "trino_e() AS exp(1)",
    "trino_infinity() AS 'infinity'::DOUBLE",
    "trino_nan() AS 'nan'::DOUBLE",
    "trino_date_trunc(unit, x) AS date_trunc(unit, x)",
    "trino_round(x) AS round(x), (x, n) AS round(x, n)",
    "trino_bitwise_and(a, b) AS (a::BIGINT & b::BIGINT)",
    "trino_bitwise_or(a, b) AS (a::BIGINT | b::BIGINT)",
    "trino_bitwise_xor(a, b) AS xor(a::BIGINT, b::BIGINT)",
    # Text
    "trino_length(x) AS length(x)",
    "trino_strpos(x, y) AS strpos(x, y)",
    "trino_replace(x, y) AS replace(x, y, ''), (x, y, z) AS replace(x, y, z)",
    """trino_substr(x, start) AS CASE WHEN start = 0 OR start < -length(x) THEN left(x, 0) ELSE substr(x, start) END,
       (x, start, size) AS CASE WHEN start = 0 OR start < -length(x) OR size <= 0 THEN left(x, 0)
           ELSE substr(substr(x, start), 1, size) END""",
    "trino_trim(x) AS trino_ltrim(trino_rtrim(x))",
    "trino_ltrim(x) AS regexp_replace(x, '^\\s+', '')",
    "trino_rtrim(x) AS regexp_replace(x, '\\s+$', '')",
    "trino_lpad(x, n, p) AS lpad(x, n::INTEGER, p)",
    "trino_rpad(x, n, p) AS rpad(x, n::INTEGER, p)",
    "trino_reverse(x) AS reverse(x)",
    "trino_split_part(x, d, n) AS string_split(x, d)[n]",
    """trino_split(x, d) AS CASE WHEN d = '' THEN [trino_error('INVALID_FUNCTION_ARGUMENT', 'The delimiter may not be the empty string')]
       ELSE string_split(x, d) END, (x, d, n) AS CASE WHEN len(string_split(x, d)) <= n THEN string_split(x, d)
       ELSE list_append(string_split(x, d)[1:n - 1], array_to_string(string_split(x, d)[n:], d)) END""",
    """trino_regexp_extract(x, p) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p) END,
       (x, p, g) AS regexp_extract_all(x, p, g)[1]""",
    "trino_regexp_replace(x, p) AS regexp_replace(x, p, '', 'g'), (x, p, r) AS regexp_replace(x, p, r, 'g')",
    "trino_regexp_count(x, p) AS len(regexp_extract_all(x, p))",
    "trino_concat_ws(d, xs) AS array_to_string(xs, d)",
    # Binary
    "trino_sha256(x) AS unhex(sha256(x))",
    "trino_sha1(x) AS unhex(sha1(x))",
    "trino_md5(x) AS unhex(md5(x))",
    # JSON. DuckDB's parser takes NaN, Infinity and trailing commas, which are no JSON.
    f"""trino_is_json(x) AS json_valid(x) AND NOT regexp_matches(
       regexp_replace(x, {_JSON_STRINGS}, '""', 'g'), ',\\s*[\\]}}]|[nN][aA][nN]|[iI][nN][fF]')""",
    """trino_json_parse(x) AS CASE WHEN x IS NULL THEN NULL WHEN trino_is_json(x) THEN json(x)
       ELSE trino_error('INVALID_FUNCTION_ARGUMENT', 'Cannot convert value to JSON: ''' || left(x, 200) || '''')::JSON END""",
    "trino_json_or_null(x) AS CASE WHEN trino_is_json(x) THEN json(x) END",
    "trino_json_extract(x, p) AS json_extract(trino_json_or_null(x::VARCHAR), p)",
    """trino_json_extract_scalar(x, p) AS CASE WHEN json_type(trino_json_or_null(x::VARCHAR), p) IN ('OBJECT', 'ARRAY', 'NULL')
       THEN NULL ELSE json_extract_string(trino_json_or_null(x::VARCHAR), p) END""",
    "trino_json_format(x) AS CAST(x AS VARCHAR)",
    """trino_json_size(x, p) AS CASE json_type(trino_json_or_null(x::VARCHAR), p)
       WHEN 'OBJECT' THEN len(json_keys(trino_json_or_null(x::VARCHAR), p))
       WHEN 'ARRAY' THEN json_array_length(trino_json_or_null(x::VARCHAR), p)::BIGINT
       WHEN NULL THEN NULL ELSE CASE WHEN json_type(trino_json_or_null(x::VARCHAR), p) IS NOT NULL THEN 0 END END""",
    """trino_json_array_length(x) AS CASE WHEN json_type(trino_json_or_null(x::VARCHAR)) = 'ARRAY'
       THEN json_array_length(x::VARCHAR)::BIGINT END""",
    """trino_json_array_get(x, i) AS CASE WHEN json_type(trino_json_or_null(x::VARCHAR)) = 'ARRAY'
       THEN json_extract(x::JSON, i::BIGINT) END""",
    "trino_is_json_scalar(x) AS json_type(x::VARCHAR) NOT IN ('OBJECT', 'ARRAY')",
    # Times
    "trino_now() AS date_trunc('millisecond', now())",
    """trino_from_iso8601_timestamp(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x,
       '\\d{4}-\\d{2}-\\d{2}(T\\d{2}(:\\d{2}(:\\d{2}([.,]\\d{1,9})?)?)?)?(Z|[+-]\\d{2}(:?\\d{2})?)?')
       THEN date_trunc('millisecond', CAST(
           CASE WHEN length(x) = 10 THEN x || 'T00:00:00Z' ELSE regexp_replace(replace(x, ',', '.'), '(T\\d{2})($|Z|[+-])', '\\1:00\\2') END
           AS TIMESTAMPTZ))
       ELSE trino_error('INVALID_FUNCTION_ARGUMENT', 'Invalid format: "' || x || '"')::TIMESTAMPTZ END""",
    "trino_from_unixtime(x) AS to_timestamp(round(x::DOUBLE, 3))",
    "trino_to_unixtime(x) AS epoch_us(x) / 1e6",
    """trino_date(x) AS CAST(x AS DATE)""",
    "trino_millisecond(x) AS millisecond(x) % 1000",
    "trino_at_timezone(x, zone) AS CASE WHEN upper(zone) IN ('UTC', 'Z', 'GMT') THEN x"
    " ELSE trino_error('NOT_SUPPORTED', 'a time zone other than UTC is not supported by the local cloud')::TIMESTAMPTZ END",
    "trino_to_iso8601(x) AS strftime(x, '%Y-%m-%dT%H:%M:%S.%g')",
    # Arrays and maps
    "trino_cardinality(x) AS CAST(len(x) AS BIGINT)",
    "trino_array_join(xs, d) AS array_to_string(list_transform(xs, lambda x: CAST(x AS VARCHAR)), d),"
    " (xs, d, n) AS array_to_string(list_transform(xs, lambda x: coalesce(CAST(x AS VARCHAR), n)), d)",
    "trino_array_position(xs, x) AS coalesce(list_position(xs, x), 0)",
    "trino_array_max(xs) AS CASE WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_max(xs) END",
    "trino_array_min(xs) AS CASE WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_min(xs) END",
    """trino_array_distinct(xs) AS list_filter(xs, lambda x, i:
       CASE WHEN x IS NULL THEN len(list_filter(xs[1:i - 1], lambda y: y IS NULL)) = 0 ELSE list_position(xs, x) = i END)""",
    "trino_array_sort(xs) AS list_sort(xs, 'ASC', 'NULLS LAST')",
    "trino_array_remove(xs, v) AS list_filter(xs, lambda x: x IS NULL OR x <> v)",
    "trino_array_except(xs, ys) AS trino_array_distinct(list_filter(xs, lambda x: NOT list_contains(ys, x)))",
    "trino_array_intersect(xs, ys) AS trino_array_distinct(list_filter(xs, lambda x: list_contains(ys, x)))",
    "trino_array_union(xs, ys) AS trino_array_distinct(list_concat(xs, ys))",
    "trino_slice(xs, start, size) AS CASE WHEN start > 0 THEN xs[start:start + size - 1]"
    " ELSE xs[len(xs) + start + 1:len(xs) + start + size] END",
    """trino_contains(xs, v) AS CASE WHEN xs IS NULL OR v IS NULL THEN NULL WHEN list_contains(xs, v) THEN true
       WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE false END""",
    """trino_any_match(bs) AS CASE WHEN bs IS NULL THEN NULL WHEN list_contains(bs, true) THEN true
       WHEN len(list_filter(bs, lambda b: b IS NULL)) > 0 THEN NULL ELSE false END""",
    """trino_all_match(bs) AS CASE WHEN bs IS NULL THEN NULL WHEN list_contains(bs, false) THEN false
       WHEN len(list_filter(bs, lambda b: b IS NULL)) > 0 THEN NULL ELSE true END""",
    "trino_none_match(bs) AS NOT trino_any_match(bs)",
    "trino_repeat(x, n) AS list_transform(range(0, n), lambda i: x)",
    "trino_sequence(a, b) AS CASE WHEN a <= b THEN generate_series(a::BIGINT, b::BIGINT)"
    " ELSE generate_series(a::BIGINT, b::BIGINT, -1) END,"
    " (a, b, step) AS generate_series(a, b, step)",
    "trino_map() AS MAP {}, (ks, vs) AS map(ks, vs)",
    "trino_version() AS 'local'",
    # Casts
    """trino_to_integer(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, '[+-]?\\d+') THEN CAST(x AS HUGEINT)
       ELSE trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BIGINT')::HUGEINT END""",
    """trino_to_boolean(x) AS CASE WHEN x IS NULL THEN NULL WHEN lower(x) IN ('true', 't', '1') THEN true
       WHEN lower(x) IN ('false', 'f', '0') THEN false
       ELSE trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BOOLEAN')::BOOLEAN END""",
    """trino_date_from_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x, '\\s*[+-]?\\d{4,}-\\d{1,2}-\\d{1,2}\\s*')
       THEN CAST(x AS DATE) ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: ' || x)::DATE END""",
    """trino_timestamp_from_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x,
       '\\s*[+-]?\\d{4,}-\\d{1,2}-\\d{1,2}( \\d{1,2}:\\d{1,2}(:\\d{1,2}(\\.\\d{1,12})?)?)?\\s*')
       THEN CAST(regexp_replace(x, '( \\d{1,2}:\\d{1,2})\\s*$', '\\1:00') AS TIMESTAMP)
       ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x)::TIMESTAMP END""",
    # CAST gives d.dddEn always, a result file plain digits between 0.001 and 10 million, as Java does.
    """trino_double_cast(x) AS CASE WHEN x IS NULL OR isnan(x) OR isinf(x) THEN trino_double_text(x)
       WHEN x = 0 THEN CAST(x AS VARCHAR) || 'E0'
       ELSE trino_scientific(CASE WHEN x < 0 THEN '-' ELSE '' END, CAST(abs(x) AS VARCHAR)) END""",
    """trino_average(total, n) AS CASE WHEN n > 0 THEN trino_div_half_up(total, CAST(n AS HUGEINT)) END""",
    """trino_fitted(x, n) AS CASE WHEN length(x) > n THEN trino_error('INVALID_CAST_ARGUMENT',
       'Value ' || x || ' cannot be represented as varchar(' || n || ')') ELSE x END""",
    """trino_round_time(x, unit) AS make_timestamp(epoch_us(x) + unit // 2
       - (((epoch_us(x) + unit // 2) % unit + unit) % unit))""",
    """trino_double_text(x) AS CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN
         CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
       WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN CAST(x AS VARCHAR)
       ELSE trino_scientific(CASE WHEN x < 0 THEN '-' ELSE '' END, CAST(abs(x) AS VARCHAR)) END""",
    # DuckDB writes 12345678.9, 0.00012 or 1.2e+16: bring the digits to Java's d.dddEn.
    """trino_scientific(sign, t) AS sign || CASE
       WHEN strpos(t, 'e') > 0 THEN split_part(t, 'e', 1)
         || CASE WHEN strpos(t, '.') > 0 THEN '' ELSE '.0' END || 'E' || CAST(CAST(split_part(t, 'e', 2) AS INTEGER) AS VARCHAR)
       WHEN starts_with(t, '0.') THEN trino_mantissa(ltrim(t, '0.'))
         || 'E-' || CAST(length(regexp_extract(t, '^0\\.(0*)', 1)) + 1 AS VARCHAR)
       ELSE trino_mantissa(CASE WHEN rtrim(replace(t, '.', ''), '0') = '' THEN '0' ELSE rtrim(replace(t, '.', ''), '0') END) || 'E' || CAST(length(split_part(t, '.', 1)) - 1 AS VARCHAR) END""",
    "trino_mantissa(digits) AS substr(digits, 1, 1) || '.' || CASE WHEN length(digits) > 1 THEN substr(digits, 2) ELSE '0' END",
    r"""trino_zoned_from_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x,
       '\s*\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,12})?)?)? ?(UTC|Z|[+-]\d{2}:\d{2})?\s*')
       THEN CAST(regexp_replace(x, ' ?(UTC|Z)\s*$', '+00:00') AS TIMESTAMPTZ)
       ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp with time zone: ' || x)::TIMESTAMPTZ END""",
    """trino_plain_text(x) AS CASE WHEN typeof(x) IN
       ('VARCHAR', 'BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'DATE', 'BOOLEAN', '"NULL"') OR starts_with(typeof(x), 'DECIMAL')
       THEN CAST(x AS VARCHAR) ELSE trino_error('NOT_SUPPORTED', 'casting a ' || typeof(x)
       || ' whose precision is not known to varchar is not supported by the local cloud') END""",
    """trino_json_text(x) AS CASE WHEN json_type(x) IN ('OBJECT', 'ARRAY')
       THEN trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || left(x::VARCHAR, 100) || ''' to varchar')
       ELSE x ->> '$' END""",
    """trino_div_half_up(a, b) AS CASE WHEN b = 0 THEN CAST(trino_error('DIVISION_BY_ZERO', 'Division by zero') AS HUGEINT)
       ELSE (a // b) + CASE WHEN 2 * abs(a % b) >= abs(b) THEN CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END ELSE 0 END END""",
    """trino_array_value(xs, i) AS xs[CASE WHEN i > len(xs) OR i < 1 THEN CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
       'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(xs)) AS BIGINT) ELSE i END]""",
    """trino_map_value(m, k) AS map_extract(m, k)[CASE WHEN len(map_extract(m, k)) = 0 THEN
       CAST(trino_error('INVALID_FUNCTION_ARGUMENT', 'Key not present in map: ' || k) AS BIGINT) ELSE 1 END]""",
]


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros, so that every cursor of the connection's database can call them."""
    remaining = list(MACROS)
    while remaining:  # a macro may call one that stands further down
        failed = []
        for macro in remaining:
            try:
                connection.execute(f"CREATE OR REPLACE MACRO {macro}")
            except duckdb.CatalogException:
                failed.append(macro)
        if len(failed) == len(remaining):
            connection.execute(f"CREATE OR REPLACE MACRO {failed[0]}")
        remaining = failed
