-- What was executed, loaded and unloaded. Superusers and roles with ACCESS SYSTEM TABLE see all of it, others what they did.
CREATE MACRO rsi_may_see(owner) AS owner = getvariable('rs_user') OR getvariable('rs_user') IN (SELECT user_name FROM localsys.sys.rs_superusers)
    OR EXISTS (SELECT 1 FROM localsys.sys.rs_holders WHERE user_name = getvariable('rs_user') AND name IN ('sys:operator', 'sys:monitor', 'sys:dba'));
CREATE VIEW localsys.sys.sys_query_history AS
    SELECT rs_user_id("user") AS user_id, query_id, query_label, transaction_id, session_id, "database" AS database_name, query_type, status,
        false AS result_cache_hit, start_time, end_time, datediff('microsecond', start_time, coalesce(end_time, start_time)) AS elapsed_time,
        0::BIGINT AS queue_time, datediff('microsecond', start_time, coalesce(end_time, start_time)) AS execution_time, error_message,
        returned_rows, NULL::BIGINT AS returned_bytes, text AS query_text, NULL::VARCHAR AS redshift_version, 'f' AS usage_limit,
        'main' AS compute_type, 0::BIGINT AS compile_time, 0::BIGINT AS planning_time, 0::BIGINT AS lock_wait_time, NULL::VARCHAR AS username
    FROM temp.main.pg_landfall_queries WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.sys_query_text AS
    SELECT rs_user_id("user") AS user_id, query_id, transaction_id, session_id, start_time, 0 AS sequence, text
    FROM temp.main.pg_landfall_queries WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.sys_query_detail AS
    SELECT rs_user_id("user") AS user_id, query_id, 1 AS child_query_sequence, 0 AS stream_id, 0 AS segment_id, 0 AS step_id, 'insert' AS step_name,
        table_id, table_name, 'f' AS is_rrscan, start_time, end_time, datediff('microsecond', start_time, end_time) AS duration, NULL::VARCHAR AS alert,
        NULL::BIGINT AS input_bytes, "rows" AS input_rows, NULL::BIGINT AS output_bytes, "rows" AS output_rows, NULL::BIGINT AS blocks_read,
        NULL::BIGINT AS blocks_write, NULL::BIGINT AS local_read_io, NULL::BIGINT AS remote_read_io, NULL::VARCHAR AS source,
        NULL::INTEGER AS data_skewness, NULL::INTEGER AS time_skewness, 'f' AS is_active, NULL::BIGINT AS spilled_block_local_disk,
        NULL::BIGINT AS spilled_block_remote_disk, NULL::VARCHAR AS step_attribute
    FROM temp.main.pg_landfall_insert_steps WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.stl_query AS
    SELECT rs_user_id("user") AS userid, query_id AS query, query_label AS label, transaction_id AS xid, session_id AS pid, "database",
        text AS querytxt, start_time AS starttime, end_time AS endtime, CASE WHEN status IN ('failed', 'canceled') THEN 1 ELSE 0 END AS aborted,
        0 AS insert_pristine, 0 AS concurrency_scaling_status
    FROM temp.main.pg_landfall_queries WHERE end_time IS NOT NULL AND rsi_may_see("user");
CREATE VIEW localsys.sys.stl_querytext AS
    SELECT rs_user_id("user") AS userid, transaction_id AS xid, session_id AS pid, query_id AS query, 0 AS sequence, text
    FROM temp.main.pg_landfall_queries WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.stv_inflight AS
    SELECT rs_user_id("user") AS userid, 0 AS slice, query_id AS query, query_label AS label, transaction_id AS xid, session_id AS pid,
        start_time AS starttime, text, 0 AS suspended, 0 AS insert_pristine, 0 AS concurrency_scaling_status
    FROM temp.main.pg_landfall_queries WHERE end_time IS NULL AND rsi_may_see("user");
CREATE VIEW localsys.sys.sys_load_history AS
    SELECT rs_user_id("user") AS user_id, NULL::BIGINT AS query_id, NULL::BIGINT AS transaction_id, session_id, '{database}' AS database_name,
        'completed' AS status, table_name, "at" AS start_time, "at" AS end_time, 0::BIGINT AS duration, source AS data_source, NULL::VARCHAR AS file_format,
        "rows" AS loaded_rows, NULL::BIGINT AS loaded_bytes, files AS source_file_count, NULL::BIGINT AS source_file_bytes,
        files AS file_count_scanned, NULL::BIGINT AS file_bytes_scanned, 0::BIGINT AS error_count, NULL::BIGINT AS copy_job_id
    FROM temp.main.pg_landfall_loads WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.sys_load_error_detail AS
    SELECT rs_user_id("user") AS user_id, NULL::BIGINT AS query_id, NULL::BIGINT AS transaction_id, session_id, '{database}' AS database_name, table_id,
        "at" AS start_time, file_name, line_number, column_name, NULL::VARCHAR AS column_type, NULL::VARCHAR AS column_length, NULL::INTEGER AS position,
        error_code, error_message
    FROM temp.main.pg_landfall_load_errors WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.stl_load_errors AS
    SELECT rs_user_id("user") AS userid, 0 AS slice, table_id AS tbl, "at" AS starttime, session_id AS session, NULL::BIGINT AS query, file_name AS filename,
        line_number, column_name AS colname, NULL::VARCHAR AS type, NULL::VARCHAR AS col_length, 0 AS position, left(raw_line, 1024) AS raw_line,
        left(column_value, 1024) AS raw_field_value, error_code AS err_code, error_message AS err_reason, 0 AS is_partial, 0 AS start_offset
    FROM temp.main.pg_landfall_load_errors WHERE rsi_may_see("user");
CREATE VIEW localsys.sys.sys_unload_history AS
    SELECT rs_user_id("user") AS user_id, NULL::BIGINT AS query_id, session_id, '{database}' AS database_name, 'completed' AS status, "at" AS start_time,
        "at" AS end_time, 0::BIGINT AS duration, file_format, NULL::VARCHAR AS compression_type, sum("rows") AS unloaded_rows, count(*) AS unloaded_files_count,
        sum("bytes") AS unloaded_files_size, NULL::VARCHAR AS error_message
    FROM temp.main.pg_landfall_unloads WHERE rsi_may_see("user") GROUP BY ALL;
CREATE VIEW localsys.sys.sys_unload_detail AS
    SELECT rs_user_id("user") AS user_id, NULL::BIGINT AS query_id, NULL::BIGINT AS transaction_id, session_id, '{database}' AS database_name,
        "at" AS start_time, file_name, "bytes" AS bytes_unloaded, "rows" AS rows_unloaded, file_format
    FROM temp.main.pg_landfall_unloads WHERE rsi_may_see("user");
