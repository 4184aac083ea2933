-- What the system views need of one session: its temporary tables, and what it last read from Glue or of late-binding views.
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_late_columns (
    view_schema VARCHAR, view_name VARCHAR, col_name VARCHAR, col_type VARCHAR, col_num INTEGER);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_external_tables (
    schemaname VARCHAR, tablename VARCHAR, location VARCHAR, input_format VARCHAR, output_format VARCHAR,
    serialization_lib VARCHAR, serde_parameters VARCHAR, parameters VARCHAR, tabletype VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_external_columns (
    schemaname VARCHAR, tablename VARCHAR, columnname VARCHAR, external_type VARCHAR, columnnum INTEGER, part_key INTEGER);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_external_partitions (
    schemaname VARCHAR, tablename VARCHAR, "values" VARCHAR, location VARCHAR, input_format VARCHAR, output_format VARCHAR,
    serialization_lib VARCHAR, serde_parameters VARCHAR, parameters VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_temp_columns (
    table_name VARCHAR, ordinal INTEGER, column_name VARCHAR, type_name VARCHAR, not_null BOOLEAN);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_queries (
    "user" VARCHAR, session_id BIGINT, transaction_id BIGINT, "database" VARCHAR, query_type VARCHAR, text VARCHAR, query_label VARCHAR,
    query_id BIGINT, start_time TIMESTAMP, end_time TIMESTAMP, status VARCHAR, returned_rows BIGINT, error_message VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_insert_steps (
    "user" VARCHAR, query_id BIGINT, table_id INTEGER, table_name VARCHAR, "rows" BIGINT, start_time TIMESTAMP, end_time TIMESTAMP);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_loads (
    "user" VARCHAR, session_id BIGINT, text VARCHAR, table_name VARCHAR, source VARCHAR, "rows" BIGINT, files BIGINT, "at" TIMESTAMP);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_load_errors (
    "user" VARCHAR, session_id BIGINT, table_name VARCHAR, table_id BIGINT, file_name VARCHAR, line_number BIGINT, column_name VARCHAR,
    column_value VARCHAR, raw_line VARCHAR, error_code INTEGER, error_message VARCHAR, "at" TIMESTAMP);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_unloads (
    "user" VARCHAR, session_id BIGINT, text VARCHAR, file_name VARCHAR, file_format VARCHAR, "bytes" BIGINT, "rows" BIGINT, "at" TIMESTAMP);
