-- What Redshift knows of its objects and DuckDB does not, kept beside the data so that both commit together.
CREATE SCHEMA IF NOT EXISTS "{database}".pg_landfall;
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.schemas (oid BIGINT, schema_name VARCHAR, owner VARCHAR, comment VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.external_schemas (
    oid BIGINT, schema_name VARCHAR, glue_database VARCHAR, iam_role VARCHAR, owner VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.relations (
    oid BIGINT, schema_name VARCHAR, relation_name VARCHAR, kind VARCHAR, diststyle VARCHAR, definition VARCHAR,
    late_binding BOOLEAN, owner VARCHAR, comment VARCHAR, created_at TIMESTAMP, modified_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.columns (
    relation_oid BIGINT, ordinal INTEGER, column_name VARCHAR, type_name VARCHAR, not_null BOOLEAN, default_text VARCHAR,
    encoding VARCHAR, is_distkey BOOLEAN, sortkey INTEGER, comment VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.constraints (
    oid BIGINT, relation_oid BIGINT, constraint_name VARCHAR, kind VARCHAR, column_names VARCHAR[], definition VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.dependencies (view_oid BIGINT, relation_oid BIGINT);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.principals (principal_name VARCHAR, kind VARCHAR, is_superuser BOOLEAN);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.grants (
    schema_name VARCHAR, relation_name VARCHAR, privilege VARCHAR, grantee VARCHAR, grantee_kind VARCHAR);
CREATE SCHEMA IF NOT EXISTS "{database}".public;
INSERT INTO "{database}".pg_landfall.schemas
    SELECT 2200, 'public', 'rdsdb', NULL WHERE NOT EXISTS (SELECT 1 FROM "{database}".pg_landfall.schemas WHERE schema_name = 'public');
