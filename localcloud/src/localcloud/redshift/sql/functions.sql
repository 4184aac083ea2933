-- Redshift functions as DuckDB macros. Typed overloads let DuckDB's binder choose by the types of the arguments.

-- Operators and aggregates whose result type or errors differ
CREATE MACRO rs_nonzero(b) AS CASE WHEN b = 0 THEN error('division by zero') ELSE b END;
-- A macro's typed parameter is cast to its type, which would change a DECIMAL's scale: so each operand is given twice,
-- once typed to choose the overload and once untyped to compute with.
CREATE MACRO rs_div
    (a INTEGER, b INTEGER, x, y) AS (x // rs_nonzero(y))::INTEGER,
    (a BIGINT, b BIGINT, x, y) AS (x // rs_nonzero(y))::BIGINT,
    (a HUGEINT, b HUGEINT, x, y) AS (x // rs_nonzero(y))::HUGEINT,
    (a DECIMAL(38, 10), b DECIMAL(38, 10), x, y) AS (x::DOUBLE / rs_nonzero(y)::DOUBLE)::DECIMAL(38, 10),
    (a DOUBLE, b DOUBLE, x, y) AS x / rs_nonzero(y);
CREATE MACRO rs_mod(x, y) AS x % rs_nonzero(y);

-- Types for cast_to_type(): SUM of a small integer is BIGINT, of a BIGINT NUMERIC(38,0), of a NUMERIC keeps its scale;
-- AVG of an integer is a BIGINT.
CREATE MACRO rs_sum_type
    (v SMALLINT, x) AS NULL::BIGINT,
    (v INTEGER, x) AS NULL::BIGINT,
    (v BIGINT, x) AS NULL::DECIMAL(38, 0),
    (v HUGEINT, x) AS NULL::DECIMAL(38, 0),
    (v DECIMAL(38, 10), x) AS CASE WHEN false THEN list_sum([x]) END,
    (v DOUBLE, x) AS NULL::DOUBLE,
    (v INTERVAL, x) AS NULL::INTERVAL;
CREATE MACRO rs_avg_type
    (v SMALLINT, x) AS NULL::BIGINT,
    (v INTEGER, x) AS NULL::BIGINT,
    (v BIGINT, x) AS NULL::BIGINT,
    (v HUGEINT, x) AS NULL::DECIMAL(38, 0),
    (v DECIMAL(38, 10), x) AS x,
    (v DOUBLE, x) AS NULL::DOUBLE;

-- Character types are limited in bytes: casts cut, stores refuse
CREATE MACRO rs_truncate(v, n) AS CASE
    WHEN strlen(v) <= n THEN v
    ELSE left(v, coalesce(list_max(list_filter(range(1, n + 1), lambda k: strlen(left(v, k)) <= n)), 0)::INTEGER) END;
CREATE MACRO rs_checked(v, n, type_name) AS CASE
    WHEN v IS NULL OR strlen(v) <= n OR strlen(rtrim(v, ' ')) <= n THEN left(v, n)
    ELSE error('value too long for type ' || type_name) END;

-- Date and time
CREATE MACRO rs_sysdate() AS (now() AT TIME ZONE 'UTC');
CREATE MACRO rs_getdate() AS date_trunc('second', now() AT TIME ZONE 'UTC');
CREATE MACRO rs_convert_timezone
    (target, moment) AS (moment::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE target,
    (source, target, moment) AS (moment::TIMESTAMP AT TIME ZONE source) AT TIME ZONE target;
CREATE MACRO rs_add_months(moment, n) AS CASE
    WHEN moment::DATE = last_day(moment::DATE)
    THEN last_day((moment::DATE + to_months(n::INTEGER))::DATE)::TIMESTAMP + (moment::TIMESTAMP - date_trunc('day', moment::TIMESTAMP))
    ELSE moment::TIMESTAMP + to_months(n::INTEGER) END;
CREATE MACRO rs_months_between(a, b) AS
    (year(a::DATE) - year(b::DATE)) * 12 + (month(a::DATE) - month(b::DATE)) + CASE
        WHEN day(a::DATE) = day(b::DATE) OR (a::DATE = last_day(a::DATE) AND b::DATE = last_day(b::DATE)) THEN 0::DOUBLE
        ELSE (day(a::DATE) - day(b::DATE)) / 31.0::DOUBLE END;

-- Text
CREATE MACRO rs_octet_length(v) AS strlen(v);
CREATE MACRO rs_strtol(v, base) AS CASE base
    WHEN 16 THEN ('0x' || v)::BIGINT WHEN 10 THEN v::BIGINT ELSE error('strtol with this base is not supported by the local cloud') END;
CREATE MACRO rs_regexp_substr(v, pattern) AS regexp_extract(v, pattern);
CREATE MACRO rs_regexp_count(v, pattern) AS len(regexp_extract_all(v, pattern))::INTEGER;
CREATE MACRO rs_regexp_replace
    (v, pattern) AS regexp_replace(v, pattern, '', 'g'),
    (v, pattern, replacement) AS regexp_replace(v, pattern, regexp_replace(replacement, '\$(\d)', '\\\1', 'g'), 'g');
CREATE MACRO rs_translate(v, originals, replacements) AS translate(v, originals, replacements);
CREATE MACRO rs_sha1(v) AS sha1(v);
CREATE MACRO rs_sha(v) AS sha1(v);
CREATE MACRO rs_sha2(v, bits) AS CASE bits
    WHEN 256 THEN sha256(v) WHEN 0 THEN sha256(v) ELSE error('sha2 with this length is not supported by the local cloud') END;
CREATE MACRO rs_trunc_of
    (v TIMESTAMP, x) AS x::DATE,
    (v DATE, x) AS x,
    (v BIGINT, x) AS x,
    (v DECIMAL(38, 10), x) AS trunc(x),
    (v DOUBLE, x) AS trunc(x);
CREATE MACRO rs_trunc(v, n) AS trunc(v, n);
CREATE MACRO rs_log(v) AS log10(v);
CREATE MACRO rs_isnull(a, b) AS coalesce(a, b);

-- JSON
CREATE MACRO rs_json_text(document, path) AS CASE
    WHEN document IS NULL THEN NULL ELSE coalesce(json_extract_string(document, path), '') END;
CREATE MACRO rs_json_key(k) AS '."' || replace(k, '"', '\"') || '"';
CREATE MACRO rs_json_extract_path_text
    (document, a) AS rs_json_text(document, '$' || rs_json_key(a)),
    (document, a, b) AS rs_json_text(document, '$' || rs_json_key(a) || rs_json_key(b)),
    (document, a, b, c) AS rs_json_text(document, '$' || rs_json_key(a) || rs_json_key(b) || rs_json_key(c));
CREATE MACRO rs_json_extract_array_element_text(document, n) AS json_extract_string(document, '$[' || n || ']');
CREATE MACRO rs_is_valid_json(document) AS json_valid(document);
CREATE MACRO rs_json_array_length(document) AS json_array_length(document::JSON);

-- Session and system
CREATE MACRO rs_current_user() AS getvariable('rs_user');
CREATE MACRO rs_current_schema() AS getvariable('rs_schema');
CREATE MACRO rs_pg_backend_pid() AS getvariable('rs_process_id')::INTEGER;
CREATE MACRO rs_current_database() AS '{database}';
CREATE MACRO rs_version() AS 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (local cloud)';
CREATE MACRO rs_pg_last_unload_count() AS coalesce(getvariable('rs_unloaded'), 0)::BIGINT;
CREATE MACRO rs_pg_last_copy_count() AS coalesce(getvariable('rs_copied'), 0)::BIGINT;
