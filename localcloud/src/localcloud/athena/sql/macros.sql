-- DuckDB macros that behave as Trino's functions and casts. Source: Trino's documentation, 'Functions and operators';
-- checked against the answers of a real Trino in tests/athena/trino_435.json. A macro stands after those it calls.


-- Errors. A cast that fails, since DuckDB's error() is volatile and so not allowed inside TRY. The text in DuckDB's
-- message carries Trino's error name, which errors.py reads back.
CREATE OR REPLACE MACRO trino_error(code, message) AS
    CAST(CAST('TRINO:' || code || ':' || message || ':END' AS INTEGER) AS VARCHAR);

-- Numbers
CREATE OR REPLACE MACRO trino_int_div(a, b) AS
    CASE WHEN b = 0 THEN CAST(trino_error('DIVISION_BY_ZERO', 'Division by zero') AS BIGINT)
    ELSE a // b END;
CREATE OR REPLACE MACRO trino_mod(a, b) AS
    CASE WHEN b = 0 THEN trino_error('DIVISION_BY_ZERO', 'Division by zero')::INTEGER ELSE a % b END;
CREATE OR REPLACE MACRO trino_ln(x) AS
    CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END;
CREATE OR REPLACE MACRO trino_log2(x) AS
    CASE WHEN x > 0 THEN log2(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END;
CREATE OR REPLACE MACRO trino_log10(x) AS
    CASE WHEN x > 0 THEN log10(x) WHEN x = 0 THEN '-infinity'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE END;
CREATE OR REPLACE MACRO trino_log(b, x) AS trino_ln(x) / trino_ln(b);
CREATE OR REPLACE MACRO trino_e() AS exp(1);
CREATE OR REPLACE MACRO trino_infinity() AS 'infinity'::DOUBLE;
CREATE OR REPLACE MACRO trino_nan() AS 'nan'::DOUBLE;
CREATE OR REPLACE MACRO trino_date_trunc(unit, x) AS date_trunc(unit, x);
CREATE OR REPLACE MACRO trino_round(x) AS round(x), (x, n) AS round(x, n);
CREATE OR REPLACE MACRO trino_sign(x) AS CASE WHEN starts_with(typeof(x), 'DOUBLE') OR typeof(x) = 'FLOAT' THEN
    CAST(sign(x) AS DOUBLE) ELSE sign(x) END;
CREATE OR REPLACE MACRO trino_truncate(x) AS trunc(x);
CREATE OR REPLACE MACRO trino_random() AS random(), (n) AS CASE WHEN n <= 0 THEN
    CAST(trino_error('INVALID_FUNCTION_ARGUMENT', 'bound must be positive') AS BIGINT)
    ELSE CAST(floor(random() * n) AS BIGINT) END, (m, n) AS CASE WHEN m >= n THEN
    CAST(trino_error('INVALID_FUNCTION_ARGUMENT', 'start value must be less than stop value') AS BIGINT)
    ELSE m + CAST(floor(random() * (n - m)) AS BIGINT) END;
CREATE OR REPLACE MACRO trino_bitwise_and(a, b) AS (a::BIGINT & b::BIGINT);
CREATE OR REPLACE MACRO trino_bitwise_or(a, b) AS (a::BIGINT | b::BIGINT);
CREATE OR REPLACE MACRO trino_bitwise_xor(a, b) AS xor(a::BIGINT, b::BIGINT);

-- Text
CREATE OR REPLACE MACRO trino_upper(x) AS CASE WHEN contains(x, 'ß')
    THEN array_to_string(list_transform(string_split(x, 'ß'), lambda part: upper(part)), 'ß') ELSE upper(x) END;
CREATE OR REPLACE MACRO trino_codepoint(x) AS CASE WHEN length(x) <> 1 THEN CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
    'codepoint() takes one character') AS INTEGER) ELSE unicode(x) END;
CREATE OR REPLACE MACRO trino_without_last_break(x) AS CASE WHEN ends_with(x, chr(10)) THEN trino_error('NOT_SUPPORTED',
    'a pattern with $ on text that ends with a line break is not supported by the local cloud') ELSE x END;
CREATE OR REPLACE MACRO trino_regexp_split(x, p) AS CASE WHEN regexp_matches('', p) THEN [trino_error('NOT_SUPPORTED',
    'regexp_split() by a pattern that matches the empty text is not supported by the local cloud')]
    ELSE regexp_split_to_array(x, p) END;
CREATE OR REPLACE MACRO trino_chr(x) AS chr(CAST(x AS INTEGER));
CREATE OR REPLACE MACRO trino_length(x) AS length(x);
CREATE OR REPLACE MACRO trino_strpos(x, y) AS strpos(x, y);
CREATE OR REPLACE MACRO trino_replace(x, y) AS replace(x, y, ''), (x, y, z) AS replace(x, y, z);
CREATE OR REPLACE MACRO trino_substr(x, start) AS
    CASE WHEN start = 0 OR start < -length(x) THEN left(x, 0) ELSE substr(x, start) END,
    (x, start, size) AS CASE WHEN start = 0 OR start < -length(x) OR size <= 0 THEN left(x, 0)
    ELSE substr(substr(x, start), 1, size) END;
CREATE OR REPLACE MACRO trino_ltrim(x) AS regexp_replace(x, '^[\s\x0B\x1C-\x1F\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}]+', '');
CREATE OR REPLACE MACRO trino_rtrim(x) AS regexp_replace(x, '[\s\x0B\x1C-\x1F\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}]+$', '');
CREATE OR REPLACE MACRO trino_trim(x) AS trino_ltrim(trino_rtrim(x));
CREATE OR REPLACE MACRO trino_lpad(x, n, p) AS CASE WHEN n < 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT',
    'Target length must be in the range [0..2147483647]') ELSE lpad(x, n::INTEGER, p) END;
CREATE OR REPLACE MACRO trino_rpad(x, n, p) AS CASE WHEN n < 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT',
    'Target length must be in the range [0..2147483647]') ELSE rpad(x, n::INTEGER, p) END;
CREATE OR REPLACE MACRO trino_reverse(x) AS reverse(x);
CREATE OR REPLACE MACRO trino_split_part(x, d, n) AS CASE WHEN n < 1 THEN trino_error('INVALID_FUNCTION_ARGUMENT',
    'Index must be greater than zero') ELSE string_split(x, d)[n] END;
CREATE OR REPLACE MACRO trino_split(x, d) AS
    CASE WHEN d = '' THEN [trino_error('INVALID_FUNCTION_ARGUMENT', 'The delimiter may not be the empty string')]
    ELSE string_split(x, d) END, (x, d, n) AS CASE WHEN n < 1 THEN [trino_error('INVALID_FUNCTION_ARGUMENT', 'Limit must be positive')]
    WHEN len(string_split(x, d)) <= n THEN string_split(x, d)
    ELSE list_append(string_split(x, d)[1:n - 1], array_to_string(string_split(x, d)[n:], d)) END;
CREATE OR REPLACE MACRO trino_regexp_extract(x, p) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p) END,
    (x, p, g) AS regexp_extract_all(x, p, g)[1];
CREATE OR REPLACE MACRO trino_regexp_replace(x, p) AS
    regexp_replace(x, p, '', 'g'), (x, p, r) AS regexp_replace(x, p, r, 'g');
CREATE OR REPLACE MACRO trino_regexp_count(x, p) AS len(regexp_extract_all(x, p));
CREATE OR REPLACE MACRO trino_concat_ws(d, xs) AS array_to_string(xs, d);

-- Binary
CREATE OR REPLACE MACRO trino_sha256(x) AS unhex(sha256(x));
CREATE OR REPLACE MACRO trino_sha1(x) AS unhex(sha1(x));
CREATE OR REPLACE MACRO trino_md5(x) AS unhex(md5(x));

-- JSON. DuckDB's parser takes NaN, Infinity and trailing commas, which are no JSON. Text without such a thing anywhere
-- has none outside its strings either, so that these are rarely taken out.
CREATE OR REPLACE MACRO trino_is_json(x) AS CASE WHEN NOT json_valid(x) THEN false
    WHEN NOT (regexp_matches(x, ',\s*[\]}]') OR contains(lower(x), 'nan') OR contains(lower(x), 'inf')) THEN true
    ELSE NOT regexp_matches(regexp_replace(x, '"(?:[^"\\]|\\.)*"', '""', 'g'),
    ',\s*[\]}]|[nN][aA][nN]|[iI][nN][fF]') END;
-- Keys in order, the last of two equal ones. A function in Python knows all documents; it is a hundred times slower than
-- what does for an object of scalars whose keys differ and are ordered alike by UTF-8 and by UTF-16.
CREATE OR REPLACE MACRO trino_json_flat(x) AS '{' || array_to_string(list_transform(
    list_sort(map_entries(CAST(json(x) AS MAP(VARCHAR, JSON)))),
    e -> CAST(to_json(e.key) AS VARCHAR) || ':' || coalesce(CAST(e.value AS VARCHAR), 'null')), ',') || '}';
-- The same where no text has an escape, so that none holds a control character: one ends each key while they are sorted.
-- array_to_string() would compute the list twice.
CREATE OR REPLACE MACRO trino_json_plain(x) AS '{' || coalesce(replace(list_aggregate(list_sort(list_transform(
    map_entries(CAST(CAST(x AS JSON) AS MAP(VARCHAR, JSON))),
    e -> '"' || e.key || chr(1) || '":' || coalesce(CAST(e.value AS VARCHAR), 'null'))), 'string_agg', ','),
    chr(1), ''), '') || '}';
CREATE OR REPLACE MACRO trino_json(x) AS CASE
    WHEN NOT contains(x, '{') THEN json(x)
    WHEN strpos(ltrim(substr(ltrim(x), 2)), '{') > 0 OR landfall_repeats(CAST(json_keys(x) AS VARCHAR))
    THEN json(landfall_json_sorted(x))
    WHEN NOT contains(x, '\') AND strlen(x) = length(x) THEN CAST(trino_json_plain(x) AS JSON)
    WHEN NOT regexp_matches(array_to_string(json_keys(x), ''), '[\x{10000}-\x{10FFFF}]') THEN json(trino_json_flat(x))
    ELSE json(landfall_json_sorted(x)) END;
CREATE OR REPLACE MACRO trino_json_parse(x) AS CASE WHEN x IS NULL THEN NULL WHEN trino_is_json(x) THEN trino_json(x)
    ELSE trino_error('INVALID_FUNCTION_ARGUMENT', 'Cannot convert value to JSON: ''' || left(x, 200) || '''')::JSON END;
CREATE OR REPLACE MACRO trino_json_parse_or_null(x) AS CASE WHEN trino_is_json(x) THEN trino_json(x) END;
-- The same as text, without an order of the keys, where json_order.py says that nobody sees it: an object without another
-- inside stays as it is.
CREATE OR REPLACE MACRO trino_json_unsorted(x) AS CASE WHEN x LIKE '%{%{%' OR NOT regexp_matches(x, '\A\s*\{')
    OR landfall_repeats(CAST(json_keys(x) AS VARCHAR)) THEN CAST(trino_json(x) AS VARCHAR) ELSE x END;
CREATE OR REPLACE MACRO trino_json_parse_unsorted(x) AS CASE WHEN x IS NULL THEN NULL
    WHEN trino_is_json(x) THEN trino_json_unsorted(x) ELSE CAST(trino_json_parse(x) AS VARCHAR) END;
CREATE OR REPLACE MACRO trino_json_parse_unsorted_or_null(x) AS CASE WHEN trino_is_json(x) THEN trino_json_unsorted(x) END;
CREATE OR REPLACE MACRO trino_json_or_null(x) AS CASE WHEN trino_is_json(x) THEN CAST(x AS JSON) END;
-- The functions below take JSON; text goes through trino_json_or_null first.
CREATE OR REPLACE MACRO trino_json_extract(x, p) AS json_extract(x, p);
CREATE OR REPLACE MACRO trino_json_extract_scalar(x, p) AS
    CASE WHEN json_type(x, p) = 'VARCHAR' THEN json_extract_string(x, p)
    WHEN json_type(x, p) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL
    WHEN json_type(x, p) = 'DOUBLE' AND NOT regexp_matches(x, '[:\[,\s]' || replace(replace(json_extract_string(x, p),
    '.', '\.'), '+', '\+') || '[\s,}\]]') AND json_extract_string(x, p) <> x THEN
    trino_error('NOT_SUPPORTED', 'json_extract_scalar() of a fraction in an unusual form is not supported by the local cloud')
    ELSE json_extract_string(x, p) END;
-- The same of a member that json_members.py has taken out beforehand.
CREATE OR REPLACE MACRO trino_json_scalar_member(member, x, p) AS CASE WHEN member IS NULL OR member = 'null' THEN NULL
    WHEN starts_with(member, '"') THEN json_extract_string(member, '$') ELSE trino_json_extract_scalar(x, p) END;
-- A JSON null inside a document stays one where the elements are JSON themselves; DuckDB's cast makes it NULL.
CREATE OR REPLACE MACRO trino_json_array(x) AS list_transform(x, v -> coalesce(v, 'null'::JSON));
CREATE OR REPLACE MACRO trino_json_map(x) AS
    map_from_entries(list_transform(map_entries(x), e -> struct_pack(k := e.key, v := coalesce(e.value, 'null'::JSON))));
CREATE OR REPLACE MACRO trino_json_format(x) AS CAST(x AS VARCHAR);
CREATE OR REPLACE MACRO trino_json_size(x, p) AS CASE WHEN p = '$' AND starts_with(x, '{') THEN len(json_keys(x))
    ELSE len(json_keys(x, p)) + json_array_length(x, p)::BIGINT END;
CREATE OR REPLACE MACRO trino_json_array_length(x) AS
    CASE WHEN json_type(x) = 'ARRAY' THEN json_array_length(x)::BIGINT END;
CREATE OR REPLACE MACRO trino_is_json_scalar(x) AS CASE WHEN x IS NULL THEN NULL
    WHEN trino_is_json(x) THEN json_type(x) NOT IN ('OBJECT', 'ARRAY')
    ELSE trino_error('INVALID_FUNCTION_ARGUMENT', 'Invalid JSON value: ' || left(x, 200))::BOOLEAN END;

-- Times
CREATE OR REPLACE MACRO trino_now() AS date_trunc('millisecond', now());
CREATE OR REPLACE MACRO trino_in_utc(x) AS CASE
    WHEN regexp_matches(x, 'T.*[+-]\d\d(:?\d\d)?$') AND NOT regexp_matches(x, '[+-]00(:?00)?$')
    THEN trino_error('NOT_SUPPORTED', 'a time zone other than UTC is not supported by the local cloud') ELSE x END;
CREATE OR REPLACE MACRO trino_from_iso8601_timestamp(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x,
    '\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?')
    THEN date_trunc('millisecond', CAST(
    CASE WHEN length(x) = 10 THEN x || 'T00:00:00Z' ELSE regexp_replace(replace(x, ',', '.'), '(T\d{2})($|Z|[+-])', '\1:00\2') END
    AS TIMESTAMPTZ))
    ELSE trino_error('INVALID_FUNCTION_ARGUMENT', 'Invalid format: "' || x || '"')::TIMESTAMPTZ END;
CREATE OR REPLACE MACRO trino_from_unixtime(x) AS to_timestamp(round(x::DOUBLE, 3));
CREATE OR REPLACE MACRO trino_to_unixtime(x) AS epoch_us(x) / 1e6;
CREATE OR REPLACE MACRO trino_date(x) AS CAST(x AS DATE);
CREATE OR REPLACE MACRO trino_millisecond(x) AS millisecond(x) % 1000;
CREATE OR REPLACE MACRO trino_at_timezone(x, zone) AS
    CASE WHEN upper(zone) IN ('UTC', 'Z', 'GMT') THEN x ELSE trino_error('NOT_SUPPORTED', 'a time zone other than UTC is not supported by the local cloud')::TIMESTAMPTZ END;
CREATE OR REPLACE MACRO trino_to_iso8601(x) AS strftime(x, '%Y-%m-%dT%H:%M:%S.%g');

-- Arrays and maps
CREATE OR REPLACE MACRO trino_cardinality(x) AS CAST(len(x) AS BIGINT);
CREATE OR REPLACE MACRO trino_array_join(xs, d) AS
    array_to_string(list_transform(xs, lambda x: CAST(x AS VARCHAR)), d), (xs, d, n) AS array_to_string(list_transform(xs, lambda x: coalesce(CAST(x AS VARCHAR), n)), d);
CREATE OR REPLACE MACRO trino_array_position(xs, x) AS CASE WHEN x IS NULL THEN NULL ELSE coalesce(list_position(xs, x), 0) END;
CREATE OR REPLACE MACRO trino_array_max(xs) AS
    CASE WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_max(xs) END;
CREATE OR REPLACE MACRO trino_array_min(xs) AS
    CASE WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_min(xs) END;
CREATE OR REPLACE MACRO trino_array_distinct(xs) AS list_filter(xs, lambda x, i:
    CASE WHEN x IS NULL THEN len(list_filter(xs[1:i - 1], lambda y: y IS NULL)) = 0 ELSE list_position(xs, x) = i END);
CREATE OR REPLACE MACRO trino_array_sort(xs) AS list_sort(xs, 'ASC', 'NULLS LAST');
CREATE OR REPLACE MACRO trino_array_remove(xs, v) AS list_filter(xs, lambda x: x IS NULL OR x <> v);
CREATE OR REPLACE MACRO trino_holds(xs, v) AS CASE WHEN v IS NULL THEN len(list_filter(xs, lambda y: y IS NULL)) > 0
    ELSE list_contains(xs, v) END;
CREATE OR REPLACE MACRO trino_arrays_overlap(xs, ys) AS CASE WHEN list_has_any(xs, ys) THEN true
    WHEN len(xs) > 0 AND len(ys) > 0 AND (trino_holds(xs, NULL) OR trino_holds(ys, NULL)) THEN NULL
    ELSE xs IS NULL AND ys IS NULL END;
CREATE OR REPLACE MACRO trino_element_at(xs, i) AS CASE WHEN i = 0 THEN xs[CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
    'SQL array indices start at 1') AS BIGINT)] ELSE xs[i] END;
CREATE OR REPLACE MACRO trino_array_except(xs, ys) AS
    trino_array_distinct(list_filter(xs, lambda x: NOT trino_holds(ys, x)));
CREATE OR REPLACE MACRO trino_array_intersect(xs, ys) AS
    trino_array_distinct(list_filter(xs, lambda x: trino_holds(ys, x)));
CREATE OR REPLACE MACRO trino_array_union(xs, ys) AS trino_array_distinct(list_concat(xs, ys));
CREATE OR REPLACE MACRO trino_slice(xs, start, size) AS
    CASE WHEN start = 0 OR size < 0 THEN xs[CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
    'SQL array indices start at 1, and a length is not negative') AS BIGINT):]
    WHEN start > 0 THEN xs[start:start + size - 1] ELSE xs[len(xs) + start + 1:len(xs) + start + size] END;
CREATE OR REPLACE MACRO trino_contains(xs, v) AS
    CASE WHEN xs IS NULL OR v IS NULL THEN NULL WHEN list_contains(xs, v) THEN true
    WHEN len(list_filter(xs, lambda x: x IS NULL)) > 0 THEN NULL ELSE false END;
CREATE OR REPLACE MACRO trino_any_match(bs) AS CASE WHEN bs IS NULL THEN NULL WHEN list_contains(bs, true) THEN true
    WHEN len(list_filter(bs, lambda b: b IS NULL)) > 0 THEN NULL ELSE false END;
CREATE OR REPLACE MACRO trino_all_match(bs) AS CASE WHEN bs IS NULL THEN NULL WHEN list_contains(bs, false) THEN false
    WHEN len(list_filter(bs, lambda b: b IS NULL)) > 0 THEN NULL ELSE true END;
CREATE OR REPLACE MACRO trino_none_match(bs) AS NOT trino_any_match(bs);
CREATE OR REPLACE MACRO trino_array_equal(xs, ys) AS CASE WHEN len(xs) <> len(ys) THEN false
    ELSE trino_all_match(list_transform(list_zip(xs, ys), lambda pair:
    struct_extract_at(pair, 1) = struct_extract_at(pair, 2))) END;
CREATE OR REPLACE MACRO trino_repeat(x, n) AS list_transform(range(0, CASE WHEN n < 0 THEN CAST(trino_error(
    'INVALID_FUNCTION_ARGUMENT', 'count argument of repeat function must be greater than or equal to 0') AS BIGINT)
    ELSE n END), lambda i: x);
CREATE OR REPLACE MACRO trino_sequence(a, b) AS
    CASE WHEN a <= b THEN generate_series(a::BIGINT, b::BIGINT) ELSE generate_series(a::BIGINT, b::BIGINT, -1) END, (a, b, step) AS
    generate_series(a, b, CASE WHEN step = 0 OR (b - a) * step < 0 THEN CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
    'sequence stop value should be greater than or equal to start value if step is greater than zero, otherwise less')
    AS BIGINT) ELSE step END);
CREATE OR REPLACE MACRO trino_map() AS MAP {}, (ks, vs) AS map(ks, vs);
CREATE OR REPLACE MACRO trino_version() AS 'local';

-- Casts, with what Trino accepts and refuses
CREATE OR REPLACE MACRO trino_integer_text(x) AS CASE WHEN regexp_full_match(x, '[+-]?\d+') THEN x END;
CREATE OR REPLACE MACRO trino_to_integer(x) AS
    CASE WHEN x IS NULL OR regexp_full_match(x, '[+-]?\d+') THEN CAST(x AS HUGEINT)
    ELSE trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BIGINT')::HUGEINT END;
CREATE OR REPLACE MACRO trino_to_boolean(x) AS CASE WHEN x IS NULL THEN NULL WHEN lower(x) IN ('true', 't', '1') THEN true
    WHEN lower(x) IN ('false', 'f', '0') THEN false
    ELSE trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BOOLEAN')::BOOLEAN END;
CREATE OR REPLACE MACRO trino_date_from_text(x) AS
    CASE WHEN x IS NULL OR regexp_full_match(x, '\s*\d{4,5}-\d{1,2}-\d{1,2}\s*') THEN CAST(x AS DATE)
    WHEN regexp_full_match(x, '\s*[+-]?\d{1,6}-\d{1,2}-\d{1,2}\s*') THEN make_date(
    CAST(regexp_extract(x, '^\s*([+-]?\d+)', 1) AS BIGINT), CAST(regexp_extract(x, '-(\d+)-\d+\s*$', 1) AS BIGINT),
    CAST(regexp_extract(x, '-(\d+)\s*$', 1) AS BIGINT)) ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: ' || x)::DATE END;
CREATE OR REPLACE MACRO trino_is_timestamp(x) AS regexp_full_match(x,
    '\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,12})?)?)?\s*');
CREATE OR REPLACE MACRO trino_with_seconds(x) AS CASE WHEN x LIKE '%:%:%' THEN x
    ELSE regexp_replace(x, '( \d{1,2}:\d{1,2})\s*$', '\1:00') END;
CREATE OR REPLACE MACRO trino_timestamp_or_null(x) AS
    CASE WHEN trino_is_timestamp(x) THEN TRY_CAST(trino_with_seconds(x) AS TIMESTAMP) END;
CREATE OR REPLACE MACRO trino_timestamp_from_text(x) AS CASE WHEN x IS NULL OR trino_is_timestamp(x)
    THEN CAST(trino_with_seconds(x) AS TIMESTAMP)
    ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x)::TIMESTAMP END;

-- Doubles as text. DuckDB writes 12345678.9, 0.00012 or 1.2e+16: these bring the digits to Java's d.dddEn. A CAST gives
-- that form always, a result file plain digits between 0.001 and 10 million.
CREATE OR REPLACE MACRO trino_mantissa(digits) AS
    substr(digits, 1, 1) || '.' || CASE WHEN length(digits) > 1 THEN substr(digits, 2) ELSE '0' END;
CREATE OR REPLACE MACRO trino_scientific(sign, t) AS sign || CASE
    WHEN strpos(t, 'e') > 0 THEN split_part(t, 'e', 1)
    || CASE WHEN strpos(t, '.') > 0 THEN '' ELSE '.0' END || 'E' || CAST(CAST(split_part(t, 'e', 2) AS INTEGER) AS VARCHAR)
    WHEN starts_with(t, '0.') THEN trino_mantissa(ltrim(t, '0.'))
    || 'E-' || CAST(length(regexp_extract(t, '^0\.(0*)', 1)) + 1 AS VARCHAR)
    ELSE trino_mantissa(CASE WHEN rtrim(replace(t, '.', ''), '0') = '' THEN '0' ELSE rtrim(replace(t, '.', ''), '0') END) || 'E' || CAST(length(split_part(t, '.', 1)) - 1 AS VARCHAR) END;
CREATE OR REPLACE MACRO trino_double_text(x) AS CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN
    CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN CAST(x AS VARCHAR)
    ELSE trino_scientific(CASE WHEN x < 0 THEN '-' ELSE '' END, CAST(abs(x) AS VARCHAR)) END;
CREATE OR REPLACE MACRO trino_date_text(x) AS CASE
    WHEN x BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN CAST(x AS VARCHAR)
    ELSE printf('%s%04d-%02d-%02d', CASE WHEN year(x) < 0 THEN '-' ELSE '' END, abs(year(x)), month(x), day(x)) END;
CREATE OR REPLACE MACRO trino_months_text(x) AS list_transform([datepart('year', x) * 12 + datepart('month', x)], lambda m:
    printf('%s%d-%d', CASE WHEN m < 0 THEN '-' ELSE '' END, abs(m) // 12, abs(m) % 12))[1];
CREATE OR REPLACE MACRO trino_seconds_text(x) AS list_transform([CAST(round(epoch(x) * 1000) AS BIGINT)], lambda ms:
    printf('%s%d %02d:%02d:%02d.%03d', CASE WHEN ms < 0 THEN '-' ELSE '' END, abs(ms) // 86400000, abs(ms) // 3600000 % 24,
        abs(ms) // 60000 % 60, abs(ms) // 1000 % 60, abs(ms) % 1000))[1];
CREATE OR REPLACE MACRO trino_to_milliseconds(x) AS CAST(round(epoch(x) * 1000) AS BIGINT);
CREATE OR REPLACE MACRO trino_double_cast(x) AS CASE WHEN x IS NULL OR isnan(x) OR isinf(x) THEN trino_double_text(x)
    WHEN x = 0 THEN replace(CAST(x AS VARCHAR), '.0', 'E0')
    ELSE trino_scientific(CASE WHEN x < 0 THEN '-' ELSE '' END, CAST(abs(x) AS VARCHAR)) END;
CREATE OR REPLACE MACRO trino_div_half_up(a, b) AS
    CASE WHEN b = 0 THEN CAST(trino_error('DIVISION_BY_ZERO', 'Division by zero') AS HUGEINT)
    ELSE (a // b) + CASE WHEN 2 * abs(a % b) >= abs(b) THEN CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END ELSE 0 END END;
CREATE OR REPLACE MACRO trino_average(total, n) AS CASE WHEN n > 0 THEN trino_div_half_up(total, CAST(n AS HUGEINT)) END;
CREATE OR REPLACE MACRO trino_fitted(x, n) AS CASE WHEN length(x) > n THEN trino_error('INVALID_CAST_ARGUMENT',
    'Value ' || x || ' cannot be represented as varchar(' || n || ')') ELSE x END;
CREATE OR REPLACE MACRO trino_round_time(x, unit) AS make_timestamp(epoch_us(x) + unit // 2
    - (((epoch_us(x) + unit // 2) % unit + unit) % unit));
CREATE OR REPLACE MACRO trino_zoned_from_text(x) AS CASE WHEN x IS NULL OR regexp_full_match(x,
    '\s*\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,12})?)?)? ?(UTC|Z|[+-]00?|[+-]00:00)?\s*')
    THEN CAST(trino_timestamp_from_text(regexp_replace(x, '(\d) ?(UTC|Z|[+-]00?|[+-]00:00)\s*$', '\1')) AS TIMESTAMPTZ)
    WHEN regexp_matches(x, ':\d\d(\.\d+)? ?([+-]\d\d:\d\d|[+-]\d\d?|[A-Z][A-Za-z_]+(/[A-Za-z_/]+)?)\s*$') THEN
    trino_error('NOT_SUPPORTED', 'a time zone other than UTC is not supported by the local cloud')::TIMESTAMPTZ
    ELSE trino_error('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp with time zone: ' || x)::TIMESTAMPTZ END;
CREATE OR REPLACE MACRO trino_plain_text(x) AS CASE WHEN typeof(x) IN
    ('VARCHAR', 'BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'DATE', 'BOOLEAN', '"NULL"') OR starts_with(typeof(x), 'DECIMAL')
    THEN CAST(x AS VARCHAR) ELSE trino_error('NOT_SUPPORTED', 'casting a ' || typeof(x)
    || ' whose precision is not known to varchar is not supported by the local cloud') END;
CREATE OR REPLACE MACRO trino_json_text(x) AS CASE WHEN json_type(x) IN ('OBJECT', 'ARRAY')
    THEN trino_error('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || left(x::VARCHAR, 100) || ''' to varchar')
    WHEN json_type(x) = 'DOUBLE' THEN trino_double_cast(CAST(x AS DOUBLE)) ELSE x ->> '$' END;
CREATE OR REPLACE MACRO trino_array_value(xs, i) AS
    xs[CASE WHEN i > len(xs) OR i < 1 THEN CAST(trino_error('INVALID_FUNCTION_ARGUMENT',
    'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(xs)) AS BIGINT) ELSE i END];
CREATE OR REPLACE MACRO trino_map_value(m, k) AS map_extract(m, k)[CASE WHEN len(map_extract(m, k)) = 0 THEN
    CAST(trino_error('INVALID_FUNCTION_ARGUMENT', 'Key not present in map: ' || k) AS BIGINT) ELSE 1 END];
