-- What shows functions and materialized views, and what the latter enter beside the catalogue's relations.
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.materialized_views (
    relation_oid BIGINT, auto_refresh BOOLEAN, refreshed_at TIMESTAMP);
CREATE OR REPLACE VIEW localsys.sys.pg_proc AS
    SELECT 100000 + (hash(schema_name || '.' || function_name || argument_types::VARCHAR) % 1000000000)::BIGINT AS oid, function_name AS proname,
        n.oid AS pronamespace, rs_user_id(f.owner) AS proowner, 14 AS prolang, rs_type_oid(return_type) AS prorettype, body AS prosrc,
        len(argument_types)::SMALLINT AS pronargs, lower(left(volatility, 1)) AS provolatile
    FROM "{database}".pg_landfall.functions f JOIN localsys.sys.rs_namespaces n USING (schema_name);
CREATE OR REPLACE VIEW localsys.sys.stv_mv_info AS
    SELECT '{database}' AS db_name, r.schema_name AS schema, r.relation_name AS name, 0::BIGINT AS updated_upto_xid,
        't' AS is_stale, r.owner AS owner_user_name, 0 AS state,
        CASE WHEN m.auto_refresh THEN 't' ELSE 'f' END AS autorefresh, 'f' AS autorewrite
    FROM "{database}".pg_landfall.materialized_views AS m
    JOIN "{database}".pg_landfall.relations AS r ON r.oid = m.relation_oid;
CREATE OR REPLACE VIEW localsys.sys.svv_mv_info AS
    SELECT db_name AS database_name, schema AS schema_name, owner_user_name AS user_name, name, is_stale, state,
        autorewrite, autorefresh AS autorefresh
    FROM localsys.sys.stv_mv_info;
