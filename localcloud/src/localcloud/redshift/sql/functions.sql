-- Redshift functions as DuckDB macros. Typed overloads let DuckDB's binder choose by the number of arguments.

-- Numbers
CREATE MACRO rs_nonzero(b) AS CASE WHEN b = 0 THEN error('division by zero') ELSE b END;
-- A NUMERIC as the whole number of its last decimal place; `unit` is ten to its scale.
CREATE MACRO rs_units(v, unit) AS
    trunc(v)::HUGEINT * unit::HUGEINT + ((v - trunc(v)) * unit::DECIMAL(38, 0))::HUGEINT;
CREATE MACRO rs_sqrt(v) AS CASE WHEN v < 0 THEN error('cannot take square root of a negative number') ELSE sqrt(v::DOUBLE) END;
CREATE MACRO rs_log(v) AS log10(v);
CREATE MACRO rs_dlog10(v) AS log10(v);
CREATE MACRO rs_dlog1(v) AS ln(v);
CREATE MACRO rs_dexp(v) AS exp(v);
CREATE MACRO rs_pow(a, b) AS pow(a::DOUBLE, b::DOUBLE);
CREATE MACRO rs_power(a, b) AS pow(a::DOUBLE, b::DOUBLE);
CREATE MACRO rs_dpow(a, b) AS pow(a::DOUBLE, b::DOUBLE);
CREATE MACRO rs_ceil(v) AS ceil(v);
CREATE MACRO rs_ceiling(v) AS ceil(v);
CREATE MACRO rs_floor(v) AS floor(v);
CREATE MACRO rs_to_hex(v) AS CASE
    WHEN v < 0 THEN error('to_hex of a negative number is not supported by the local cloud') ELSE lower(to_hex(v::BIGINT)) END;
CREATE MACRO rs_digits(v) AS
    list_transform(string_split(lower(ltrim(trim(v), '+-')), ''), lambda c: strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1);
CREATE MACRO rs_strtol(v, base) AS CASE
    WHEN v IS NULL OR base IS NULL THEN NULL
    WHEN base < 2 OR base > 36 THEN error('strtol: the base must be from 2 to 36')
    WHEN list_min(rs_digits(v)) < 0 OR list_max(rs_digits(v)) >= base THEN error('The input ' || v || ' is not valid to be converted to base ' || base)
    ELSE (list_reduce(list_transform(rs_digits(v), lambda d: d::HUGEINT), lambda a, d: a * base + d)
        * CASE WHEN starts_with(trim(v), '-') THEN -1 ELSE 1 END)::BIGINT END;

-- Casts
CREATE MACRO rs_float_text(v, form) AS CASE
    WHEN isnan(v) THEN 'NaN' WHEN isinf(v) THEN CASE WHEN v > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN v = 0 THEN '0' ELSE format(form, v::DOUBLE) END;
CREATE MACRO rs_integer_text(v, type_name) AS CASE
    WHEN v IS NULL OR regexp_full_match(trim(v), '[+-]?[0-9]+') THEN v
    ELSE error('invalid input syntax for type ' || type_name || ': "' || v || '"') END;
CREATE MACRO rs_boolean_text(v) AS CASE
    WHEN v IS NULL THEN NULL
    WHEN lower(trim(v)) IN ('t', 'true', 'y', 'yes', '1') THEN true
    WHEN lower(trim(v)) IN ('f', 'false', 'n', 'no', '0') THEN false
    ELSE error('invalid input syntax for type boolean: "' || v || '"') END;
-- Texts as moments: dates as DateStyle "ISO, MDY" reads them, and a time zone that TIMESTAMP leaves out.
CREATE MACRO rs_iso(v) AS regexp_replace(regexp_replace(regexp_replace(trim(v),
    '^(\d{4})(\d{2})(\d{2})($|[ T])', '\1-\2-\3\4'), '^(\d{4})/(\d{1,2})/', '\1-\2-'), '^(\d{1,2})[/-](\d{1,2})[/-](\d{4})', '\3-\1-\2');
CREATE MACRO rs_without_zone(v) AS
    regexp_replace(rs_iso(v), '(:\d{2}(?:\.\d+)?) ?(?:Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)$', '\1');
CREATE MACRO rs_with_zone(v) AS
    regexp_replace(regexp_replace(rs_iso(v), '(:\d{2}(?:\.\d+)?) ([+-])', '\1\2'), '(:\d{2}(?:\.\d+)?[+-])(\d)$', '\10\2');
-- Character types are limited in bytes: casts cut, stores refuse
CREATE MACRO rs_truncate(v, n) AS CASE
    WHEN strlen(v) <= n THEN v
    -- The value becomes a parameter of the lambda, for it may hold a subquery.
    ELSE list_transform([v], lambda whole: left(
        whole, coalesce(list_max(list_filter(range(1, n + 1), lambda k: strlen(left(whole, k)) <= n)), 0)::INTEGER))[1] END;
CREATE MACRO rs_checked(v, n, type_name) AS CASE
    WHEN v IS NULL OR strlen(v) <= n OR strlen(rtrim(v, ' ')) <= n THEN left(v, n)
    ELSE error('value too long for type ' || type_name) END;

-- Date and time
CREATE MACRO rs_sysdate() AS (now() AT TIME ZONE 'UTC');
CREATE MACRO rs_getdate() AS date_trunc('second', now() AT TIME ZONE 'UTC');
CREATE MACRO rs_convert_timezone
    (target, moment) AS (moment::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE target,
    (source, target, moment) AS (moment::TIMESTAMP AT TIME ZONE source) AT TIME ZONE target;
CREATE MACRO rs_now() AS now();
CREATE MACRO rs_weeks_between(a, b) AS date_diff('day', date_trunc('week', a), date_trunc('week', b)) // 7;
CREATE MACRO rs_last_day(moment) AS last_day(moment::DATE);
CREATE MACRO rs_add_months(moment, n) AS CASE
    WHEN moment::DATE = last_day(moment::DATE)
    THEN last_day((moment::DATE + to_months(n::INTEGER))::DATE)::TIMESTAMP + (moment::TIMESTAMP - date_trunc('day', moment::TIMESTAMP))
    ELSE moment::TIMESTAMP + to_months(n::INTEGER) END;
CREATE MACRO rs_months_between(a, b) AS
    (year(a::DATE) - year(b::DATE)) * 12 + (month(a::DATE) - month(b::DATE)) + CASE
        WHEN day(a::DATE) = day(b::DATE) OR (a::DATE = last_day(a::DATE) AND b::DATE = last_day(b::DATE)) THEN 0::DOUBLE
        ELSE (day(a::DATE) - day(b::DATE)) / 31.0::DOUBLE END;
CREATE MACRO rs_trunc_years(moment, years) AS make_date(((year(moment) - 1) // years * years + 1)::BIGINT, 1, 1);
CREATE MACRO rs_part(n, word) AS CASE WHEN n = 0 THEN '' WHEN n = 1 THEN '1 ' || word || ' ' ELSE n || ' ' || word || 's ' END;
CREATE MACRO rs_clock(micros) AS CASE WHEN micros = 0 THEN '' ELSE
    CASE WHEN micros < 0 THEN '-' ELSE '' END || format('{:02d}:{:02d}:{:02d}', abs(micros) // 3600000000, abs(micros) // 60000000 % 60, abs(micros) // 1000000 % 60)
    || CASE WHEN micros % 1000000 = 0 THEN '' ELSE rtrim('.' || lpad((abs(micros) % 1000000)::VARCHAR, 6, '0'), '0') END END;
CREATE MACRO rs_interval_text(v) AS CASE WHEN v = to_seconds(0) THEN '00:00:00' ELSE trim(
    rs_part(datepart('year', v), 'year') || rs_part(datepart('month', v), 'mon') || rs_part(datepart('day', v), 'day')
    || rs_clock(datepart('hour', v) * 3600000000 + datepart('minute', v) * 60000000 + datepart('microsecond', v))) END;
CREATE MACRO rs_day_number(name) AS CASE
    WHEN lower(name) IN ('su', 'sun', 'sunday') THEN 0
    WHEN lower(name) IN ('m', 'mo', 'mon', 'monday') THEN 1
    WHEN lower(name) IN ('tu', 'tue', 'tues', 'tuesday') THEN 2
    WHEN lower(name) IN ('w', 'we', 'wed', 'wednesday') THEN 3
    WHEN lower(name) IN ('th', 'thu', 'thur', 'thurs', 'thursday') THEN 4
    WHEN lower(name) IN ('f', 'fr', 'fri', 'friday') THEN 5
    WHEN lower(name) IN ('sa', 'sat', 'saturday') THEN 6
    ELSE error('next_day: "' || name || '" is no day of the week') END;
CREATE MACRO rs_next_day(moment, name) AS
    moment::DATE + ((rs_day_number(name) - dayofweek(moment::DATE) + 6) % 7 + 1)::INTEGER;
CREATE MACRO rs_compared(a, b) AS CASE WHEN a < b THEN -1 WHEN a = b THEN 0 WHEN a > b THEN 1 END;
CREATE MACRO rs_date_cmp(a, b) AS rs_compared(a::DATE, b::DATE);
CREATE MACRO rs_timestamp_cmp(a, b) AS rs_compared(a::TIMESTAMP, b::TIMESTAMP);
CREATE MACRO rs_date_cmp_timestamp(a, b) AS rs_compared(a::TIMESTAMP, b::TIMESTAMP);
CREATE MACRO rs_timestamp_cmp_date(a, b) AS rs_compared(a::TIMESTAMP, b::TIMESTAMP);

-- Text
CREATE MACRO rs_len(v) AS length(v)::INTEGER;
CREATE MACRO rs_octet_length
    (v BLOB) AS octet_length(v)::INTEGER,
    (v VARCHAR) AS strlen(v)::INTEGER;
CREATE MACRO rs_concat(a, b) AS (a || b)::VARCHAR;
CREATE MACRO rs_btrim
    (v) AS trim(v, ' '),
    (v, characters) AS trim(v, characters);
CREATE MACRO rs_left(v, n) AS CASE WHEN n < 0 THEN error('negative substring length not allowed') ELSE left(v, n) END;
CREATE MACRO rs_right(v, n) AS CASE WHEN n < 0 THEN error('negative substring length not allowed') ELSE right(v, n) END;
CREATE MACRO rs_repeat(v, n) AS repeat(v, greatest(n, 0));
CREATE MACRO rs_replicate(v, n) AS repeat(v, greatest(n, 0));
CREATE MACRO rs_split_part(v, delimiter, n) AS CASE
    WHEN n <= 0 THEN error('field position must be greater than zero') ELSE split_part(v, delimiter, n) END;
CREATE MACRO rs_lpad
    (v, n) AS lpad(v, greatest(n, 0)::INTEGER, ' '),
    (v, n, fill) AS CASE WHEN fill = '' THEN left(v, greatest(n, 0)) ELSE lpad(v, greatest(n, 0)::INTEGER, fill) END;
CREATE MACRO rs_rpad
    (v, n) AS rpad(v, greatest(n, 0)::INTEGER, ' '),
    (v, n, fill) AS CASE WHEN fill = '' THEN left(v, greatest(n, 0)) ELSE rpad(v, greatest(n, 0)::INTEGER, fill) END;
-- Positions before the first character count towards the length, as in PostgreSQL.
CREATE MACRO rs_substring
    (v, start) AS substring(v, greatest(start, 1)),
    (v, start, n) AS CASE
        WHEN n < 0 THEN error('negative substring length not allowed')
        ELSE substring(v, greatest(start, 1), greatest(least(start + n, 2147483647) - greatest(start, 1), 0)) END;
CREATE MACRO rs_substr
    (v, start) AS rs_substring(v, start),
    (v, start, n) AS rs_substring(v, start, n);
CREATE MACRO rs_strpos(v, part) AS strpos(v, part)::INTEGER;
CREATE MACRO rs_charindex(part, v) AS strpos(v, part)::INTEGER;
CREATE MACRO rs_initcap(v) AS CASE WHEN v IS NULL THEN NULL ELSE array_to_string(list_transform(
    regexp_extract_all(lower(v), '[\p{L}\p{N}]+|[^\p{L}\p{N}]+'), lambda word: upper(left(word, 1)) || substring(word, 2)), '') END;
CREATE MACRO rs_quote_literal(v) AS '''' || replace(replace(v, '\', '\\'), '''', '''''') || '''';
CREATE MACRO rs_regexp_flags(flags) AS CASE
    WHEN regexp_full_match(flags, '[cie]*') THEN CASE WHEN contains(flags, 'i') THEN '(?i)' ELSE '' END
    ELSE error('the regular expression flags ' || flags || ' are not supported by the local cloud') END;
CREATE MACRO rs_regexp_substr(v, pattern, origin := 1, occurrence := 1, flags := 'c') AS CASE
    WHEN v IS NULL OR pattern IS NULL THEN NULL
    ELSE coalesce(regexp_extract_all(substring(v, origin), rs_regexp_flags(flags) || pattern,
        CASE WHEN contains(flags, 'e') THEN 1 ELSE 0 END)[occurrence], '') END;
CREATE MACRO rs_regexp_count(v, pattern, origin := 1, flags := 'c') AS
    len(regexp_extract_all(substring(v, origin), rs_regexp_flags(flags) || pattern))::INTEGER;
CREATE MACRO rs_regexp_instr(v, pattern, origin := 1, occurrence := 1) AS (CASE
    WHEN v IS NULL OR pattern IS NULL THEN NULL
    WHEN len(regexp_extract_all(substring(v, origin), pattern)) < occurrence THEN 0
    ELSE origin
        + length(array_to_string(regexp_split_to_array(substring(v, origin), pattern)[:occurrence], ''))
        + length(array_to_string(regexp_extract_all(substring(v, origin), pattern)[:occurrence - 1], '')) END)::INTEGER;
CREATE MACRO rs_regexp_template(replacement) AS regexp_replace(replace(replacement, '\', '\\'), '\$(\d)', '\\\1', 'g');
CREATE MACRO rs_regexp_replace(v, pattern, replacement := '', origin := 1, flags := 'c') AS
    left(v, origin - 1) || regexp_replace(substring(v, origin), rs_regexp_flags(flags) || pattern, rs_regexp_template(replacement), 'g');
CREATE MACRO rs_sha1(v) AS sha1(v);
CREATE MACRO rs_sha(v) AS sha1(v);
CREATE MACRO rs_func_sha1(v) AS sha1(v);
CREATE MACRO rs_sha2(v, bits) AS CASE bits
    WHEN 256 THEN sha256(v) WHEN 0 THEN sha256(v) ELSE error('sha2 with this length is not supported by the local cloud') END;
CREATE MACRO rs_isnull(a, b) AS coalesce(a, b);

-- JSON in text. DuckDB reads more than JSON: trailing commas, comments and the names of no numbers.
CREATE MACRO rs_json_ok(document) AS json_valid(document) AND NOT regexp_matches(
    regexp_replace(document, '"(\\.|[^"\\])*"', '""', 'g'), ',\s*[\]}]|/[/*]|(?i)\b(nan|inf)');
CREATE MACRO rs_json_step(document, step) AS CASE
    WHEN json_type(document) = 'ARRAY' AND regexp_full_match(step, '\d+') THEN json_extract(document, '$[' || step || ']')
    ELSE json_extract(document, '$."' || replace(step, '"', '\"') || '"') END;
CREATE MACRO rs_json_path_text(document, steps, lenient) AS CASE
    WHEN document IS NULL THEN NULL
    WHEN NOT rs_json_ok(document) THEN CASE WHEN lenient THEN NULL ELSE error('Invalid JSON object') END
    ELSE coalesce(json_extract_string(list_reduce(steps, lambda found, step: rs_json_step(found, step)::VARCHAR, document::VARCHAR), '$'), '') END;
CREATE MACRO rs_json_extract_array_element_text(document, n, lenient := false) AS CASE
    WHEN document IS NULL THEN NULL
    WHEN NOT rs_json_ok(document) OR json_type(document) <> 'ARRAY' THEN CASE WHEN lenient THEN NULL ELSE error('Invalid JSON array object') END
    WHEN n < 0 THEN NULL
    ELSE json_extract_string(document, '$[' || n || ']') END;
CREATE MACRO rs_is_valid_json(document) AS CASE WHEN rs_json_ok(document) THEN json_type(document) IN ('OBJECT', 'ARRAY') ELSE document IS NULL AND NULL END;
CREATE MACRO rs_can_json_parse(document) AS rs_json_ok(document);
CREATE MACRO rs_is_valid_json_array(document) AS CASE WHEN rs_json_ok(document) THEN json_type(document) = 'ARRAY' ELSE document IS NULL AND NULL END;
CREATE MACRO rs_json_array_length(document, lenient := false) AS CASE
    WHEN document IS NULL THEN NULL
    WHEN rs_is_valid_json_array(document) THEN json_array_length(document::JSON)::INTEGER
    WHEN NOT lenient THEN error('Invalid JSON array object') END;

-- SUPER, stored as JSON
CREATE MACRO rs_json_parse(document) AS CASE
    WHEN document IS NULL THEN NULL WHEN rs_json_ok(document) THEN json(document) ELSE error('Invalid JSON') END;
CREATE MACRO rs_json_serialize(v) AS v::JSON::VARCHAR;
CREATE MACRO rs_super_text(v) AS CASE
    WHEN json_type(v) IN ('OBJECT', 'ARRAY') THEN error('cannot cast a SUPER object or array to another type') ELSE v ->> '$' END;
CREATE MACRO rs_json_typeof(v) AS CASE json_type(v)
    WHEN 'VARCHAR' THEN 'string' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'BOOLEAN' THEN 'boolean'
    WHEN 'NULL' THEN 'null' ELSE CASE WHEN v IS NULL THEN NULL ELSE 'number' END END;
CREATE MACRO rs_is_array(v) AS coalesce(json_type(v) = 'ARRAY', false);
CREATE MACRO rs_is_object(v) AS coalesce(json_type(v) = 'OBJECT', false);
CREATE MACRO rs_is_varchar(v) AS coalesce(json_type(v) = 'VARCHAR', false);
CREATE MACRO rs_is_boolean(v) AS coalesce(json_type(v) = 'BOOLEAN', false);
CREATE MACRO rs_is_scalar(v) AS coalesce(json_type(v) NOT IN ('OBJECT', 'ARRAY', 'NULL'), false);
CREATE MACRO rs_is_whole(v) AS coalesce(json_type(v) IN ('BIGINT', 'UBIGINT'), false);
CREATE MACRO rs_is_bigint(v) AS rs_is_whole(v);
CREATE MACRO rs_is_integer(v) AS rs_is_whole(v) AND try_cast(v AS INTEGER) IS NOT NULL;
CREATE MACRO rs_is_smallint(v) AS rs_is_whole(v) AND try_cast(v AS SMALLINT) IS NOT NULL;
CREATE MACRO rs_is_decimal(v) AS coalesce(json_type(v) IN ('BIGINT', 'UBIGINT', 'DOUBLE'), false);
CREATE MACRO rs_is_float(v) AS coalesce(json_type(v) = 'DOUBLE', false);
CREATE MACRO rs_get_array_length(v) AS CASE
    WHEN v IS NULL OR json_type(v) = 'ARRAY' THEN json_array_length(v)::BIGINT ELSE error('get_array_length: the argument is no array') END;
CREATE MACRO rs_elements(v) AS CASE
    WHEN v IS NULL OR json_type(v) = 'NULL' THEN [] WHEN json_type(v) = 'ARRAY' THEN json_extract(v, '$[*]')
    ELSE error('iterating over a SUPER value that is no array is not supported by the local cloud') END;
CREATE MACRO rs_super_varchar(v) AS CASE WHEN json_type(v) = 'VARCHAR' THEN v ->> '$' END;
CREATE MACRO rs_super_number(v) AS CASE WHEN json_type(v) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN v::DOUBLE END;
CREATE MACRO rs_super_boolean(v) AS CASE WHEN json_type(v) = 'BOOLEAN' THEN v::BOOLEAN END;
CREATE MACRO rs_super_is_null(v) AS v IS NULL OR json_type(v) = 'NULL';
CREATE MACRO rs_array_concat(a, b) AS CASE
    WHEN a IS NULL OR b IS NULL THEN NULL ELSE to_json(list_concat(rs_elements(a), rs_elements(b))) END;
CREATE MACRO rs_array_flatten(v) AS CASE WHEN v IS NULL THEN NULL ELSE to_json(flatten(list_transform(
    rs_elements(v), lambda e: CASE WHEN json_type(e) = 'ARRAY' THEN json_extract(e, '$[*]') ELSE [e] END))) END;
CREATE MACRO rs_subarray
    (v, start) AS to_json(rs_elements(v)[start + 1:]),
    (v, start, n) AS to_json(rs_elements(v)[start + 1:start + n]);
CREATE MACRO rs_split_to_array
    (v) AS to_json(string_split(v, ',')),
    (v, delimiter) AS to_json(string_split(v, delimiter));

-- Bytes
CREATE MACRO rs_from_hex(v) AS unhex(v);
CREATE MACRO rs_to_varbyte(v, form) AS CASE lower(form)
    WHEN 'hex' THEN unhex(v) WHEN 'base64' THEN from_base64(v) WHEN 'utf8' THEN encode(v) WHEN 'utf-8' THEN encode(v)
    ELSE error('to_varbyte: unknown format ' || form) END;
CREATE MACRO rs_from_varbyte(v, form) AS CASE lower(form)
    WHEN 'hex' THEN lower(hex(v)) WHEN 'base64' THEN to_base64(v) WHEN 'utf8' THEN decode(v) WHEN 'utf-8' THEN decode(v)
    ELSE error('from_varbyte: unknown format ' || form) END;

-- Session and system
CREATE MACRO rs_current_user() AS getvariable('rs_user');
CREATE MACRO rs_current_schema() AS getvariable('rs_schema');
CREATE MACRO rs_current_schemas(implied) AS
    CASE WHEN implied THEN list_prepend('pg_catalog', getvariable('rs_search_path')) ELSE getvariable('rs_search_path') END;
CREATE MACRO rs_current_setting
    (name) AS coalesce(getvariable('rs_settings')[lower(name)], error('unrecognized configuration parameter "' || name || '"')),
    (name, missing_ok) AS CASE WHEN missing_ok THEN getvariable('rs_settings')[lower(name)]
        ELSE coalesce(getvariable('rs_settings')[lower(name)], error('unrecognized configuration parameter "' || name || '"')) END;
CREATE MACRO rs_set_config(name, value, is_local) AS value;
CREATE MACRO rs_pg_backend_pid() AS getvariable('rs_process_id')::INTEGER;
CREATE MACRO rs_current_database() AS '{database}';
CREATE MACRO rs_version() AS 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (local cloud)';
CREATE MACRO rs_pg_last_unload_count() AS coalesce(getvariable('rs_unloaded'), 0)::BIGINT;
CREATE MACRO rs_pg_last_copy_count() AS coalesce(getvariable('rs_copied'), 0)::BIGINT;
