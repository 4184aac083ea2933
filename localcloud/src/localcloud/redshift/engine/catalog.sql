-- What Redshift knows of its objects and DuckDB does not, kept beside the data so that both commit together.
CREATE SCHEMA IF NOT EXISTS "{database}".pg_landfall;
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.schemas (oid BIGINT, schema_name VARCHAR, owner VARCHAR, comment VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.external_schemas (
    oid BIGINT, schema_name VARCHAR, glue_database VARCHAR, iam_role VARCHAR, owner VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.relations (
    oid BIGINT, schema_name VARCHAR, relation_name VARCHAR, kind VARCHAR, diststyle VARCHAR, definition VARCHAR,
    late_binding BOOLEAN, owner VARCHAR, comment VARCHAR, created_at TIMESTAMP, modified_at TIMESTAMP);
-- A view's text as its readers are shown it; without one, its definition is.
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.view_texts (relation_oid BIGINT, shown VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.functions (
    schema_name VARCHAR, function_name VARCHAR, argument_types VARCHAR[], return_type VARCHAR, volatility VARCHAR,
    body VARCHAR, owner VARCHAR);
ALTER TABLE "{database}".pg_landfall.functions ADD COLUMN IF NOT EXISTS oid BIGINT;
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.columns (
    relation_oid BIGINT, ordinal INTEGER, column_name VARCHAR, type_name VARCHAR, not_null BOOLEAN, default_text VARCHAR,
    encoding VARCHAR, is_distkey BOOLEAN, sortkey INTEGER, comment VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.constraints (
    oid BIGINT, relation_oid BIGINT, constraint_name VARCHAR, kind VARCHAR, column_names VARCHAR[], definition VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.dependencies (view_oid BIGINT, relation_oid BIGINT);
-- Who may do what. Rights are kept by object id, so that they follow a rename and end with the object.
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.principals (principal_name VARCHAR, kind VARCHAR, is_superuser BOOLEAN);
ALTER TABLE "{database}".pg_landfall.principals ADD COLUMN IF NOT EXISTS password_hash VARCHAR;
ALTER TABLE "{database}".pg_landfall.principals ADD COLUMN IF NOT EXISTS can_create_database BOOLEAN DEFAULT false;
ALTER TABLE "{database}".pg_landfall.principals ADD COLUMN IF NOT EXISTS valid_until TIMESTAMP;
ALTER TABLE "{database}".pg_landfall.principals ADD COLUMN IF NOT EXISTS owner VARCHAR;
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.memberships (
    member VARCHAR, member_kind VARCHAR, granted VARCHAR, granted_kind VARCHAR, admin_option BOOLEAN);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.privileges (
    object_kind VARCHAR, object_oid BIGINT, column_name VARCHAR, privilege VARCHAR, grantee VARCHAR, grantee_kind VARCHAR,
    grant_option BOOLEAN, grantor VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.default_privileges (
    owner VARCHAR, schema_name VARCHAR, object_kind VARCHAR, privilege VARCHAR, grantee VARCHAR, grantee_kind VARCHAR,
    grant_option BOOLEAN);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.rls_policies (
    oid BIGINT, policy_name VARCHAR, alias VARCHAR, columns VARCHAR, predicate VARCHAR, owner VARCHAR, modified_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.rls_attachments (
    policy_oid BIGINT, relation_oid BIGINT, grantee VARCHAR, grantee_kind VARCHAR, attached_by VARCHAR);
CREATE TABLE IF NOT EXISTS "{database}".pg_landfall.rls_relations (relation_oid BIGINT, conjunction VARCHAR);
CREATE SCHEMA IF NOT EXISTS "{database}".public;
-- A new database lets everybody use and create in schema public, and make temporary tables (object id 1: the database).
INSERT INTO "{database}".pg_landfall.privileges
    SELECT kind, oid, '', privilege, 'public', 'public', false, 'rdsdb'
    FROM (VALUES ('schema', 2200, 'usage'), ('schema', 2200, 'create'), ('database', 1, 'temp')) AS t(kind, oid, privilege)
    WHERE NOT EXISTS (SELECT 1 FROM "{database}".pg_landfall.schemas WHERE schema_name = 'public');
INSERT INTO "{database}".pg_landfall.schemas
    SELECT 2200, 'public', 'rdsdb', NULL WHERE NOT EXISTS (SELECT 1 FROM "{database}".pg_landfall.schemas WHERE schema_name = 'public');
