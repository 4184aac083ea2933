-- The system catalogue that clients read: pg_catalog (schema sys) and information_schema (schema info).
CREATE SCHEMA localsys.sys;
CREATE SCHEMA localsys.info;

CREATE MACRO rs_user_id(name) AS 100 + (hash(name) % 1000000)::INTEGER;
CREATE MACRO rs_type_oid(t) AS CASE split_part(t, '(', 1)
    WHEN 'boolean' THEN 16 WHEN 'smallint' THEN 21 WHEN 'integer' THEN 23 WHEN 'bigint' THEN 20 WHEN 'real' THEN 700
    WHEN 'double precision' THEN 701 WHEN 'numeric' THEN 1700 WHEN 'character varying' THEN 1043 WHEN 'character' THEN 1042
    WHEN 'date' THEN 1082 WHEN 'timestamp without time zone' THEN 1114 WHEN 'timestamp with time zone' THEN 1184
    WHEN 'time without time zone' THEN 1083 WHEN 'time with time zone' THEN 1266 WHEN 'super' THEN 4000 WHEN 'binary varying' THEN 6551
    ELSE 705 END;
CREATE MACRO rs_type_argument(t, n) AS try_cast(split_part(regexp_extract(t, '\((.*)\)', 1), ',', n) AS INTEGER);
CREATE MACRO rs_type_modifier(t) AS CASE split_part(t, '(', 1)
    WHEN 'numeric' THEN rs_type_argument(t, 1) * 65536 + rs_type_argument(t, 2) + 4
    WHEN 'character varying' THEN rs_type_argument(t, 1) + 4 WHEN 'character' THEN rs_type_argument(t, 1) + 4 ELSE -1 END;
CREATE MACRO rs_format_type(oid, modifier) AS CASE oid
    WHEN 16 THEN 'boolean' WHEN 21 THEN 'smallint' WHEN 23 THEN 'integer' WHEN 20 THEN 'bigint' WHEN 700 THEN 'real'
    WHEN 701 THEN 'double precision' WHEN 1082 THEN 'date' WHEN 1114 THEN 'timestamp without time zone'
    WHEN 1184 THEN 'timestamp with time zone' WHEN 1083 THEN 'time without time zone' WHEN 1266 THEN 'time with time zone'
    WHEN 4000 THEN 'super' WHEN 6551 THEN 'binary varying' WHEN 19 THEN 'name' WHEN 26 THEN 'oid' WHEN 25 THEN 'text'
    WHEN 1700 THEN 'numeric(' || ((modifier - 4) // 65536) || ',' || ((modifier - 4) % 65536) || ')'
    WHEN 1043 THEN 'character varying(' || (modifier - 4) || ')'
    WHEN 1042 THEN 'character(' || (modifier - 4) || ')' ELSE '???' END;
CREATE MACRO rs_base_type(t) AS split_part(t, '(', 1);
CREATE MACRO rs_pg_get_expr(text, relation) AS text;
CREATE MACRO rs_pg_get_viewdef(relation, pretty) AS (
    SELECT coalesce(shown, definition) || ';' FROM "{database}".pg_landfall.relations LEFT JOIN "{database}".pg_landfall.view_texts
        ON relation_oid = oid WHERE oid = relation AND kind = 'v');
CREATE MACRO rs_pg_get_constraintdef
    (constraint_oid) AS (SELECT definition FROM "{database}".pg_landfall.constraints WHERE oid = constraint_oid),
    (constraint_oid, pretty) AS (SELECT definition FROM "{database}".pg_landfall.constraints WHERE oid = constraint_oid);
CREATE MACRO rs_pg_get_userbyid(id) AS (SELECT min(owner) FROM "{database}".pg_landfall.schemas WHERE rs_user_id(owner) = id);
CREATE MACRO rs_col_description(relation, number) AS (
    SELECT comment FROM "{database}".pg_landfall.columns WHERE relation_oid = relation AND ordinal = number);
CREATE MACRO rs_format_encoding(code) AS (['none', 'bytedict', 'lzo', 'zstd', 'az64', 'raw', 'delta', 'mostly8', 'runlength', 'text255'])[code + 1];
CREATE MACRO rs_array_to_string(list, separator) AS list;
-- Relations and columns, permanent and of this session
CREATE VIEW localsys.sys.rs_namespaces AS
    SELECT oid, schema_name, owner, comment, NULL AS glue_database, NULL AS iam_role FROM "{database}".pg_landfall.schemas
    UNION ALL SELECT oid, schema_name, owner, NULL, glue_database, iam_role FROM "{database}".pg_landfall.external_schemas
    UNION ALL SELECT 11, 'pg_catalog', 'rdsdb', NULL, NULL, NULL
    UNION ALL SELECT 12, 'information_schema', 'rdsdb', NULL, NULL, NULL
    UNION ALL SELECT 13, 'pg_temp_' || getvariable('rs_process_id'), 'rdsdb', NULL, NULL, NULL;
CREATE VIEW localsys.sys.rs_relations AS
    SELECT r.*, n.oid AS schema_oid FROM "{database}".pg_landfall.relations r JOIN "{database}".pg_landfall.schemas n USING (schema_name)
    UNION ALL SELECT table_oid, 'pg_temp_' || getvariable('rs_process_id'), table_name, 'r', 'EVEN', NULL, false, getvariable('rs_user'), NULL, NULL, NULL, 13
        FROM duckdb_tables() WHERE database_name = 'temp' AND NOT starts_with(table_name, 'pg_landfall');
CREATE MACRO rs_pg_table_is_visible(relation) AS EXISTS (
    SELECT 1 FROM localsys.sys.rs_relations WHERE oid = relation
        AND (schema_oid = 13 OR list_contains(getvariable('rs_search_path'), schema_name)));
CREATE MACRO rs_to_regclass(wanted_schema, wanted_name) AS (
    SELECT coalesce(min(oid), error('relation "' || wanted_name || '" does not exist')) FROM localsys.sys.rs_relations
    WHERE relation_name = wanted_name AND (schema_name = wanted_schema
        OR wanted_schema = '' AND (schema_oid = 13 OR list_contains(getvariable('rs_search_path'), schema_name))));
CREATE VIEW localsys.sys.rs_columns AS
    SELECT c.* REPLACE (replace(c.default_text, '"identity"(table', '"identity"(' || c.relation_oid) AS default_text),
        r.schema_oid, r.schema_name, r.relation_name, r.kind, r.owner
        FROM "{database}".pg_landfall.columns c JOIN localsys.sys.rs_relations r ON r.oid = c.relation_oid
    UNION ALL SELECT d.table_oid, t.ordinal, t.column_name, t.type_name, t.not_null, NULL, 'none', false, 0, NULL, 13,
        'pg_temp_' || getvariable('rs_process_id'), t.table_name, 'r', getvariable('rs_user')
        FROM temp.main.pg_landfall_temp_columns t JOIN duckdb_tables() d ON d.database_name = 'temp' AND d.table_name = t.table_name;

-- A primary key and a unique constraint each have a row as an index, though Redshift keeps none.
CREATE VIEW localsys.sys.rs_indexes AS
    SELECT c.oid, c.constraint_name AS relation_name, c.kind, c.column_names, r.oid AS table_oid, r.schema_oid, r.owner
    FROM "{database}".pg_landfall.constraints c JOIN localsys.sys.rs_relations r ON r.oid = c.relation_oid WHERE c.kind IN ('p', 'u');

-- pg_catalog
CREATE VIEW localsys.sys.pg_namespace AS
    SELECT oid, schema_name AS nspname, rs_user_id(owner) AS nspowner, NULL::VARCHAR AS nspacl FROM localsys.sys.rs_namespaces;
CREATE VIEW localsys.sys.pg_class AS
    SELECT oid, relation_name AS relname, schema_oid AS relnamespace, 0 AS reltype, rs_user_id(owner) AS relowner, 0 AS relam,
        oid AS relfilenode, 0 AS reltablespace, 1 AS relpages, 0::DOUBLE AS reltuples, kind AS relkind, 0 AS relnatts,
        CASE WHEN diststyle = 'KEY' THEN 1 WHEN diststyle LIKE '%ALL%' THEN 8 ELSE 0 END AS reldiststyle, false AS relhasindex,
        false AS relisshared, kind = 'v' AS relhasrules, NULL::VARCHAR AS relacl
    FROM localsys.sys.rs_relations
    UNION ALL SELECT oid, relation_name, schema_oid, 0, rs_user_id(owner), 403, oid, 0, 1, 0, 'i', len(column_names), 0, false, false, false, NULL
    FROM localsys.sys.rs_indexes;
CREATE VIEW localsys.sys.pg_attribute AS
    SELECT relation_oid AS attrelid, column_name AS attname, rs_type_oid(type_name) AS atttypid, rs_type_modifier(type_name) AS atttypmod,
        ordinal AS attnum, -1 AS attlen, 0 AS attndims, not_null AS attnotnull, default_text IS NOT NULL AS atthasdef, false AS attisdropped,
        is_distkey AS attisdistkey, sortkey AS attsortkeyord, true AS attislocal,
        list_position(['none', 'bytedict', 'lzo', 'zstd', 'az64', 'raw', 'delta', 'mostly8', 'runlength', 'text255'], encoding) - 1 AS attencodingtype
    FROM localsys.sys.rs_columns
    UNION ALL SELECT i.oid, c.column_name, rs_type_oid(c.type_name), rs_type_modifier(c.type_name), list_position(i.column_names, c.column_name),
        -1, 0, false, false, false, false, 0, true, 0
    FROM localsys.sys.rs_indexes i JOIN localsys.sys.rs_columns c ON c.relation_oid = i.table_oid AND list_contains(i.column_names, c.column_name);
CREATE VIEW localsys.sys.pg_index AS
    SELECT i.oid AS indexrelid, i.table_oid AS indrelid,
        (SELECT string_agg(c.ordinal::VARCHAR, ' ' ORDER BY list_position(i.column_names, c.column_name)) FROM localsys.sys.rs_columns c
            WHERE c.relation_oid = i.table_oid AND list_contains(i.column_names, c.column_name)) AS indkey,
        len(i.column_names) AS indnatts, true AS indisunique, i.kind = 'p' AS indisprimary, false AS indisclustered
    FROM localsys.sys.rs_indexes i;
CREATE VIEW localsys.sys.pg_table_def AS
    SELECT schema_name AS schemaname, relation_name AS tablename, column_name AS "column", type_name AS "type", encoding,
        is_distkey AS distkey, sortkey, not_null AS "notnull"
    FROM localsys.sys.rs_columns WHERE kind = 'r' AND (schema_oid = 13 OR list_contains(getvariable('rs_search_path'), schema_name));
CREATE VIEW localsys.sys.pg_attrdef AS
    SELECT relation_oid AS adrelid, ordinal AS adnum, default_text AS adbin, default_text AS adsrc FROM localsys.sys.rs_columns WHERE default_text IS NOT NULL;
CREATE VIEW localsys.sys.pg_type AS
    SELECT * FROM (VALUES (16, 'bool', 1), (20, 'int8', 8), (21, 'int2', 2), (23, 'int4', 4), (25, 'text', -1), (26, 'oid', 4), (700, 'float4', 4),
        (701, 'float8', 8), (1042, 'bpchar', -1), (1043, 'varchar', -1), (1082, 'date', 4), (1083, 'time', 8), (1114, 'timestamp', 8),
        (1184, 'timestamptz', 8), (1266, 'timetz', 12), (1700, 'numeric', -1), (4000, 'super', -1), (6551, 'varbyte', -1)) AS t(oid, typname, typlen)
    CROSS JOIN (SELECT 11 AS typnamespace, 'b' AS typtype, 0 AS typrelid, 0 AS typelem, 0 AS typbasetype, ',' AS typdelim,
        false AS typnotnull, -1 AS typtypmod, 0 AS typndims, NULL::VARCHAR AS typdefault, true AS typisdefined);
CREATE VIEW localsys.sys.pg_tables AS
    SELECT schema_name AS schemaname, relation_name AS tablename, owner AS tableowner, NULL::VARCHAR AS tablespace, false AS hasindexes,
        false AS hasrules, false AS hastriggers FROM localsys.sys.rs_relations WHERE kind = 'r';
CREATE VIEW localsys.sys.pg_views AS
    SELECT schema_name AS schemaname, relation_name AS viewname, owner AS viewowner, rs_pg_get_viewdef(oid, false) AS definition
    FROM localsys.sys.rs_relations WHERE kind = 'v';
CREATE TABLE localsys.sys.rs_databases (database_name VARCHAR, isolation_level VARCHAR);
CREATE VIEW localsys.sys.pg_database AS
    SELECT (row_number() OVER (ORDER BY database_name <> '{database}', database_name))::INTEGER AS oid, database_name AS datname, 100 AS datdba, 6 AS encoding, false AS datistemplate, true AS datallowconn, NULL::VARCHAR AS datacl
    FROM localsys.sys.rs_databases;
CREATE VIEW localsys.sys.pg_depend AS
    SELECT 2618 AS classid, view_oid AS objid, 0 AS objsubid, 1259 AS refclassid, relation_oid AS refobjid, 0 AS refobjsubid, 'n' AS deptype
    FROM "{database}".pg_landfall.dependencies;
CREATE VIEW localsys.sys.pg_rewrite AS
    SELECT oid, '_RETURN' AS rulename, oid AS ev_class FROM "{database}".pg_landfall.relations WHERE kind = 'v';
CREATE VIEW localsys.sys.pg_description AS
    SELECT oid AS objoid, 1259 AS classoid, 0 AS objsubid, comment AS description FROM "{database}".pg_landfall.relations WHERE comment IS NOT NULL
    UNION ALL SELECT relation_oid, 1259, ordinal, comment FROM "{database}".pg_landfall.columns WHERE comment IS NOT NULL;
CREATE VIEW localsys.sys.pg_constraint AS
    SELECT c.oid, constraint_name AS conname, r.schema_oid AS connamespace, c.kind AS contype, relation_oid AS conrelid, 0 AS confrelid,
        (SELECT list(ordinal::SMALLINT ORDER BY ordinal) FROM "{database}".pg_landfall.columns k
            WHERE k.relation_oid = c.relation_oid AND list_contains(c.column_names, k.column_name)) AS conkey
    FROM "{database}".pg_landfall.constraints c JOIN localsys.sys.rs_relations r ON r.oid = c.relation_oid;
CREATE VIEW localsys.sys.pg_get_late_binding_view_cols AS
    SELECT view_schema, view_name, col_name, col_type, col_num FROM temp.main.pg_landfall_late_columns;

-- information_schema
CREATE VIEW localsys.info.schemata AS
    SELECT '{database}' AS catalog_name, schema_name, owner AS schema_owner FROM localsys.sys.rs_namespaces;
CREATE VIEW localsys.info.tables AS
    SELECT '{database}' AS table_catalog, schema_name AS table_schema, relation_name AS table_name,
        CASE WHEN kind = 'v' THEN 'VIEW' WHEN schema_oid = 13 THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END AS table_type
    FROM localsys.sys.rs_relations;
CREATE VIEW localsys.info.views AS
    SELECT '{database}' AS table_catalog, schema_name AS table_schema, relation_name AS table_name, rs_pg_get_viewdef(oid, false) AS view_definition,
        'NONE' AS check_option, 'NO' AS is_updatable FROM localsys.sys.rs_relations WHERE kind = 'v';
CREATE VIEW localsys.info.columns AS
    SELECT '{database}' AS table_catalog, schema_name AS table_schema, relation_name AS table_name, column_name, ordinal AS ordinal_position,
        default_text AS column_default, CASE WHEN not_null THEN 'NO' ELSE 'YES' END AS is_nullable, rs_base_type(type_name) AS data_type,
        CASE WHEN starts_with(type_name, 'character') THEN rs_type_argument(type_name, 1) END AS character_maximum_length,
        CASE rs_base_type(type_name) WHEN 'numeric' THEN rs_type_argument(type_name, 1) WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'smallint' THEN 16 END AS numeric_precision,
        CASE rs_base_type(type_name) WHEN 'numeric' THEN rs_type_argument(type_name, 2) WHEN 'integer' THEN 0 WHEN 'bigint' THEN 0 WHEN 'smallint' THEN 0 END AS numeric_scale,
        rs_base_type(type_name) AS udt_name
    FROM localsys.sys.rs_columns;

-- svv_*
CREATE VIEW localsys.sys.svv_external_schemas AS
    SELECT oid AS esoid, 1 AS eskind, schema_name AS schemaname, rs_user_id(owner) AS esowner, glue_database AS databasename,
        '{"IAM_ROLE":"' || iam_role || '"}' AS esoptions FROM localsys.sys.rs_namespaces WHERE glue_database IS NOT NULL;
CREATE VIEW localsys.sys.svv_external_databases AS
    SELECT 1 AS eskind, glue_database AS databasename, NULL::VARCHAR AS location, NULL::VARCHAR AS parameters
    FROM localsys.sys.rs_namespaces WHERE glue_database IS NOT NULL;
CREATE VIEW localsys.sys.svv_external_tables AS
    SELECT '{database}' AS redshift_database_name, schemaname, tablename, location, input_format, output_format, serialization_lib, serde_parameters,
        0 AS compressed, parameters, tabletype FROM temp.main.pg_landfall_external_tables;
CREATE VIEW localsys.sys.svv_external_columns AS
    SELECT '{database}' AS redshift_database_name, schemaname, tablename, columnname, external_type, columnnum, part_key, 'true' AS is_nullable
    FROM temp.main.pg_landfall_external_columns;
CREATE VIEW localsys.sys.svv_external_partitions AS
    SELECT schemaname, tablename, "values", location, input_format, output_format, serialization_lib, serde_parameters, 0 AS compressed, parameters
    FROM temp.main.pg_landfall_external_partitions;
CREATE VIEW localsys.sys.rs_all_columns AS
    SELECT schema_name, relation_name AS table_name, column_name, ordinal AS ordinal_position, default_text AS column_default, NOT not_null AS nullable,
        type_name, comment AS remarks, encoding, is_distkey, sortkey, 'local' AS origin
    FROM localsys.sys.rs_columns WHERE schema_oid <> 13
    UNION ALL SELECT view_schema, view_name, col_name, col_num, NULL, true, col_type, NULL, 'none', false, 0, 'late' FROM temp.main.pg_landfall_late_columns
    UNION ALL SELECT schemaname, tablename, columnname, columnnum, NULL, true,
        CASE WHEN external_type = 'string' THEN 'character varying(65535)' WHEN external_type = 'int' THEN 'integer' WHEN external_type = 'double' THEN 'double precision'
            WHEN external_type = 'float' THEN 'real' WHEN external_type = 'timestamp' THEN 'timestamp without time zone'
            WHEN external_type LIKE 'varchar%' THEN replace(external_type, 'varchar', 'character varying')
            WHEN external_type LIKE 'decimal%' THEN replace(external_type, 'decimal', 'numeric')
            WHEN external_type LIKE 'char(%' THEN replace(external_type, 'char', 'character')
            WHEN external_type = 'tinyint' THEN 'smallint' WHEN external_type = 'binary' THEN 'binary varying'
            WHEN contains(external_type, '<') THEN 'super' ELSE external_type END, NULL, 'none', false, 0, 'external'
        FROM temp.main.pg_landfall_external_columns;
CREATE VIEW localsys.sys.svv_all_columns AS
    SELECT '{database}' AS database_name, schema_name, table_name, column_name, ordinal_position, column_default,
        CASE WHEN nullable THEN 'YES' ELSE 'NO' END AS is_nullable, rs_base_type(type_name) AS data_type,
        CASE WHEN starts_with(type_name, 'character') THEN rs_type_argument(type_name, 1) END AS character_maximum_length,
        CASE rs_base_type(type_name) WHEN 'numeric' THEN rs_type_argument(type_name, 1) WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'smallint' THEN 16 END AS numeric_precision,
        CASE rs_base_type(type_name) WHEN 'numeric' THEN rs_type_argument(type_name, 2) WHEN 'integer' THEN 0 WHEN 'bigint' THEN 0 WHEN 'smallint' THEN 0 END AS numeric_scale,
        remarks, CASE WHEN sortkey <> 0 THEN 'sortkey' END AS sort_key_type, sortkey AS sort_key_order, is_distkey AS dist_key, encoding
    FROM localsys.sys.rs_all_columns;
CREATE VIEW localsys.sys.svv_columns AS
    SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
        character_maximum_length, numeric_precision, numeric_scale, remarks FROM localsys.sys.svv_all_columns;
CREATE VIEW localsys.sys.svv_redshift_columns AS
    SELECT '{database}' AS database_name, schema_name, table_name, column_name, ordinal_position, type_name AS data_type, column_default,
        CASE WHEN nullable THEN 'YES' ELSE 'NO' END AS is_nullable, encoding, is_distkey AS distkey, sortkey, NULL::VARCHAR AS column_acl, remarks
    FROM localsys.sys.rs_all_columns WHERE origin <> 'external';
CREATE VIEW localsys.sys.rs_show_tables AS
    SELECT '{database}' AS database_name, schema_name, relation_name AS table_name, CASE kind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS table_type,
        NULL::VARCHAR AS table_acl, comment AS remarks, owner,
        created_at AS last_altered_time, modified_at AS last_modified_time, diststyle AS dist_style,
        CASE WHEN kind = 'r' THEN 'REGULAR TABLE' WHEN definition ILIKE 'create materialized view%' THEN 'MATERIALIZED VIEW' WHEN late_binding THEN 'LATE BINDING VIEW' ELSE 'REGULAR VIEW' END AS table_subtype
    FROM localsys.sys.rs_relations WHERE schema_oid <> 13
    UNION ALL SELECT '{database}', schemaname, tablename, 'EXTERNAL TABLE', NULL, NULL, NULL, NULL, NULL, NULL, 'EXTERNAL TABLE' FROM temp.main.pg_landfall_external_tables;
CREATE VIEW localsys.sys.svv_all_tables AS
    SELECT database_name, schema_name, table_name, table_type, table_acl, remarks FROM localsys.sys.rs_show_tables;
CREATE VIEW localsys.sys.svv_tables AS
    SELECT database_name AS table_catalog, schema_name AS table_schema, table_name,
        CASE table_type WHEN 'TABLE' THEN 'BASE TABLE' ELSE table_type END AS table_type, remarks FROM localsys.sys.rs_show_tables;
CREATE VIEW localsys.sys.svv_redshift_tables AS
    SELECT database_name, schema_name, table_name, table_type, table_acl, remarks, owner AS table_owner
    FROM localsys.sys.rs_show_tables WHERE table_type <> 'EXTERNAL TABLE';
CREATE VIEW localsys.sys.svv_all_schemas AS
    SELECT '{database}' AS database_name, schema_name, rs_user_id(owner) AS schema_owner, CASE WHEN glue_database IS NULL THEN 'local' ELSE 'external' END AS schema_type,
        NULL::VARCHAR AS schema_acl, NULL::VARCHAR AS source_database,
        CASE WHEN glue_database IS NOT NULL THEN '{"IAM_ROLE":"' || iam_role || '"}' END AS schema_option
    FROM localsys.sys.rs_namespaces WHERE oid <> 13;
CREATE VIEW localsys.sys.svv_redshift_schemas AS
    SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, schema_option FROM localsys.sys.svv_all_schemas WHERE schema_type = 'local';
CREATE VIEW localsys.sys.svv_redshift_databases AS
    SELECT database_name, 100 AS database_owner, 'local' AS database_type, NULL::VARCHAR AS database_acl, NULL::VARCHAR AS database_options,
        isolation_level AS database_isolation_level FROM localsys.sys.rs_databases;
CREATE VIEW localsys.sys.stv_db_isolation_level AS
    SELECT database_name AS db_name, isolation_level FROM localsys.sys.rs_databases;
CREATE TABLE localsys.sys.rs_usage (
    started DOUBLE, compute_seconds DOUBLE, compute_capacity DOUBLE, data_storage INTEGER, charged_seconds INTEGER);
CREATE VIEW localsys.sys.sys_serverless_usage AS
    SELECT epoch_ms((started * 1000)::BIGINT) AS start_time, epoch_ms(((started + 60) * 1000)::BIGINT) AS end_time,
        compute_seconds, compute_capacity, data_storage, 0 AS cross_region_transferred_data, charged_seconds FROM localsys.sys.rs_usage;
CREATE VIEW localsys.sys.svv_all_databases AS SELECT * FROM localsys.sys.svv_redshift_databases;
CREATE VIEW localsys.sys.svv_table_info AS
    SELECT '{database}' AS "database", r.schema_name AS "schema", r.oid AS table_id, coalesce(v.relation_name, r.relation_name) AS "table",
        CASE WHEN bool_or(c.encoding <> 'none') THEN 'Y' ELSE 'N' END AS encoded,
        CASE WHEN r.diststyle = 'KEY' THEN 'KEY(' || coalesce(max(c.column_name) FILTER (c.is_distkey), '') || ')' ELSE r.diststyle END AS diststyle,
        max(c.column_name) FILTER (abs(c.sortkey) = 1) AS sortkey1,
        max(rs_type_argument(c.type_name, 1)) FILTER (starts_with(c.type_name, 'character varying')) AS max_varchar,
        max(c.encoding) FILTER (abs(c.sortkey) = 1) AS sortkey1_enc, count(*) FILTER (c.sortkey <> 0) AS sortkey_num, 1 AS size, 0.0::DECIMAL(10, 4) AS pct_used,
        0 AS empty, NULL::DECIMAL(5, 2) AS unsorted, 0.0::DECIMAL(5, 2) AS stats_off, max(d.estimated_size) AS tbl_rows,
        NULL::DECIMAL(19, 2) AS skew_sortkey1, NULL::DECIMAL(19, 2) AS skew_rows, max(d.estimated_size) AS estimated_visible_rows
    FROM localsys.sys.rs_relations r JOIN "{database}".pg_landfall.columns c ON c.relation_oid = r.oid
    JOIN duckdb_tables() d ON d.database_name = '{database}' AND d.schema_name = r.schema_name AND d.table_name = r.relation_name
    -- The table behind a materialized view is listed by the view's name.
    LEFT JOIN "{database}".pg_landfall.relations v ON v.schema_name = r.schema_name
        AND r.relation_name = 'mv_tbl__' || v.relation_name || '__0' AND starts_with(v.definition, 'CREATE MATERIALIZED VIEW')
    WHERE r.kind = 'r' GROUP BY r.schema_name, r.oid, r.relation_name, v.relation_name, r.diststyle;
