-- What the system views need of one session: its temporary tables, and what it last read from Glue or of late-binding views.
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_late_columns (
    view_schema VARCHAR, view_name VARCHAR, col_name VARCHAR, col_type VARCHAR, col_num INTEGER);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_external_tables (
    schemaname VARCHAR, tablename VARCHAR, location VARCHAR, input_format VARCHAR, output_format VARCHAR,
    serialization_lib VARCHAR, serde_parameters VARCHAR, parameters VARCHAR, tabletype VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_external_columns (
    schemaname VARCHAR, tablename VARCHAR, columnname VARCHAR, external_type VARCHAR, columnnum INTEGER, part_key INTEGER);
CREATE TEMP TABLE IF NOT EXISTS pg_landfall_temp_columns (
    table_name VARCHAR, ordinal INTEGER, column_name VARCHAR, type_name VARCHAR, not_null BOOLEAN);
