-- Written by `landfall contracts generate` from contracts/streams/; change the contract instead.

-- The table of good records.
CREATE TABLE IF NOT EXISTS `raw`.`page_views` (
  `page_view_id` STRING COMMENT 'The page view; a redelivered event carries the same one.',
  `shopper_id` STRING COMMENT 'The shopper, under a pseudonym that is the same in every stream.',
  `customer_id` STRING COMMENT 'The merchant (tenant) to whom the event belongs.',
  `url` STRING COMMENT 'Address of the page.',
  `referrer` STRING COMMENT 'Address of the page the shopper came from, where the browser tells.',
  `device` STRING COMMENT 'Kind of device.',
  `occurred_at` TIMESTAMP COMMENT 'When the page was shown. UTC, ISO-8601 with up to six digits of a second. An event that is sent again carries the same time: the load looks for duplicates in the days its batch speaks of.',
  `_extra` MAP<STRING, STRING>,
  `_content_hash` STRING,
  `_source_object` STRING,
  `_line_number` BIGINT,
  `_record_number` BIGINT,
  `_batch_id` STRING,
  `_contract_version` STRING,
  `_loaded_at` TIMESTAMP
)
PARTITIONED BY (
  DAY(`occurred_at`)
)
LOCATION 's3://lake/raw/page_views/'
TBLPROPERTIES (
  'table_type'='ICEBERG',
  'format'='parquet',
  'write_compression'='zstd'
);

-- The table of records that broke the contract.
CREATE TABLE IF NOT EXISTS `quarantine`.`page_views` (
  `source_object` STRING,
  `landed_date` DATE,
  `line_number` BIGINT,
  `record_number` BIGINT,
  `reason` STRING,
  `field` STRING,
  `raw_text` STRING,
  `contract_version` STRING,
  `batch_id` STRING,
  `quarantined_at` TIMESTAMP,
  `replay_outcome` STRING,
  `replay_reason` STRING,
  `replay_field` STRING,
  `replay_run_id` STRING,
  `replay_batch_id` STRING,
  `replay_contract_version` STRING,
  `replay_correction` STRING,
  `replayed_at` TIMESTAMP
)
PARTITIONED BY (
  `landed_date`
)
LOCATION 's3://lake/quarantine/page_views/'
TBLPROPERTIES (
  'table_type'='ICEBERG',
  'format'='parquet',
  'write_compression'='zstd'
);

-- A batch: read its objects once, and say of every record what becomes of it.
CREATE TABLE "scratch"."page_views_batch"
WITH (
  table_type='ICEBERG',
  is_external=FALSE,
  format='PARQUET',
  location='s3://lake/scratch/page_views_batch/'
) AS
WITH lines AS (
  SELECT
    "$path" AS _source_object,
    CAST(dt AS DATE) AS _landed_date,
    ROW_NUMBER() OVER (PARTITION BY "$path") AS _line_number,
    IF(
      STRPOS(line, CHR(  13)) > 0 OR STRPOS(line, CHR(  65279)) > 0,
      REGEXP_REPLACE(line, '\A\x{FEFF}|\r+\z', ''),
      line
    ) AS _line
  FROM "landing"."page_views"
  WHERE
    (
      dt IN ('2026-01-01') AND hr IN ('00')
    )
    AND "$path" IN ('s3://landing/page_views/dt=2026-01-01/hr=00/object.gz')
), parsed_lines AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _line,
    TRY(JSON_PARSE(_line)) AS _document
  FROM lines
  WHERE
    REGEXP_LIKE(_line, '\S')
), split_lines AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _document,
    _line,
    IF(
      _document IS NULL,
      SPLIT(
        ARRAY_JOIN(
          TRANSFORM(
            REGEXP_EXTRACT_ALL(_line, '"[^"\\]*(?:\\.[^"\\]*)*"|\}\s*\{|[^"}]+|["}]'),
            token -> IF(REGEXP_LIKE(token, '\A\}\s*\{\z'), '}' || CHR(  30) || '{', token)
          ),
          ''
        ),
        CHR(  30)
      )
    ) AS _pieces
  FROM parsed_lines
), records AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    _raw_text,
    COALESCE(_document, TRY(JSON_PARSE(_raw_text))) AS _document
  FROM split_lines
  CROSS JOIN UNNEST(IF(
    CARDINALITY(
      FILTER(
        _pieces,
        piece -> COALESCE(REGEXP_LIKE(JSON_FORMAT(TRY(JSON_PARSE(piece))), '\A\s*\{'), FALSE)
      )
    ) = CARDINALITY(_pieces),
    _pieces,
    ARRAY[_line]
  )) WITH ORDINALITY AS piece(_raw_text, _record_number)
), extracted AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    _raw_text,
    _document,
    NOT _document IS NULL AND REGEXP_LIKE(_raw_text, '\A\s*\{') AS _is_object,
    JSON_FORMAT(JSON_EXTRACT(_document, '$.page_view_id')) AS "_json_page_view_id",
    JSON_EXTRACT_SCALAR(_document, '$.page_view_id') AS "_scalar_page_view_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.shopper_id')) AS "_json_shopper_id",
    JSON_EXTRACT_SCALAR(_document, '$.shopper_id') AS "_scalar_shopper_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.customer_id')) AS "_json_customer_id",
    JSON_EXTRACT_SCALAR(_document, '$.customer_id') AS "_scalar_customer_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.url')) AS "_json_url",
    JSON_EXTRACT_SCALAR(_document, '$.url') AS "_scalar_url",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.referrer')) AS "_json_referrer",
    JSON_EXTRACT_SCALAR(_document, '$.referrer') AS "_scalar_referrer",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.device')) AS "_json_device",
    JSON_EXTRACT_SCALAR(_document, '$.device') AS "_scalar_device",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.occurred_at')) AS "_json_occurred_at",
    JSON_EXTRACT_SCALAR(_document, '$.occurred_at') AS "_scalar_occurred_at"
  FROM records
), typed AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    _raw_text,
    _is_object,
    IF(
      _is_object
      AND JSON_SIZE(_document, '$') > 0 + IF("_json_page_view_id" IS NULL, 0, 1) + IF("_json_shopper_id" IS NULL, 0, 1) + IF("_json_customer_id" IS NULL, 0, 1) + IF("_json_url" IS NULL, 0, 1) + IF("_json_referrer" IS NULL, 0, 1) + IF("_json_device" IS NULL, 0, 1) + IF("_json_occurred_at" IS NULL, 0, 1),
      TRANSFORM_VALUES(
        MAP_FILTER(
          CAST(_document AS MAP(VARCHAR, JSON)),
          (name, value) -> NOT name IN (
            'page_view_id',
            'shopper_id',
            'customer_id',
            'url',
            'referrer',
            'device',
            'occurred_at'
          )
        ),
        (name, value) -> JSON_FORMAT(value)
      )
    ) AS _extra,
    "_json_page_view_id",
    "_scalar_page_view_id" AS "page_view_id",
    "_json_shopper_id",
    "_scalar_shopper_id" AS "shopper_id",
    "_json_customer_id",
    "_scalar_customer_id" AS "customer_id",
    "_json_url",
    "_scalar_url" AS "url",
    "_json_referrer",
    "_scalar_referrer" AS "referrer",
    "_json_device",
    "_scalar_device" AS "device",
    "_json_occurred_at",
    IF(
      REGEXP_LIKE(
        "_scalar_occurred_at",
        '\A[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z\z'
      ),
      TRY_CAST(REPLACE(REPLACE("_scalar_occurred_at", 'T', ' '), 'Z', '') AS TIMESTAMP(6))
    ) AS "occurred_at"
  FROM extracted
), failures AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    _raw_text,
    _is_object,
    _extra,
    "page_view_id",
    CASE
      WHEN "_json_page_view_id" IS NULL OR "_json_page_view_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_page_view_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("page_view_id", '\A(?:pgv_[0-9a-f]{12})\z')
      THEN 'not_allowed'
    END AS "_failure_page_view_id",
    "shopper_id",
    CASE
      WHEN "_json_shopper_id" IS NULL OR "_json_shopper_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_shopper_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("shopper_id", '\A(?:shp_[0-9]{8})\z')
      THEN 'not_allowed'
    END AS "_failure_shopper_id",
    "customer_id",
    CASE
      WHEN "_json_customer_id" IS NULL OR "_json_customer_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_customer_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("customer_id", '\A(?:cus_[0-9]{6})\z')
      THEN 'not_allowed'
    END AS "_failure_customer_id",
    "url",
    CASE
      WHEN "_json_url" IS NULL OR "_json_url" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_url", '"')
      THEN 'wrong_type'
      WHEN LENGTH("url") < 1 OR LENGTH("url") > 2048
      THEN 'not_allowed'
    END AS "_failure_url",
    "referrer",
    CASE
      WHEN "_json_referrer" IS NULL OR "_json_referrer" = 'null'
      THEN NULL
      WHEN NOT STARTS_WITH("_json_referrer", '"')
      THEN 'wrong_type'
    END AS "_failure_referrer",
    "device",
    CASE
      WHEN "_json_device" IS NULL OR "_json_device" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_device", '"')
      THEN 'wrong_type'
      WHEN NOT "device" IN ('desktop', 'mobile', 'tablet')
      THEN 'not_allowed'
    END AS "_failure_device",
    "occurred_at",
    CASE
      WHEN "_json_occurred_at" IS NULL OR "_json_occurred_at" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_occurred_at", '"') OR "occurred_at" IS NULL
      THEN 'wrong_type'
    END AS "_failure_occurred_at"
  FROM typed
), checked AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    _raw_text,
    _extra,
    CASE
      WHEN STRPOS(_raw_text, CHR(  65533)) > 0
      THEN 'not_utf8'
      WHEN NOT _is_object
      THEN 'not_json'
      WHEN NOT "_failure_page_view_id" IS NULL
      THEN "_failure_page_view_id"
      WHEN NOT "_failure_shopper_id" IS NULL
      THEN "_failure_shopper_id"
      WHEN NOT "_failure_customer_id" IS NULL
      THEN "_failure_customer_id"
      WHEN NOT "_failure_url" IS NULL
      THEN "_failure_url"
      WHEN NOT "_failure_referrer" IS NULL
      THEN "_failure_referrer"
      WHEN NOT "_failure_device" IS NULL
      THEN "_failure_device"
      WHEN NOT "_failure_occurred_at" IS NULL
      THEN "_failure_occurred_at"
    END AS _reason,
    CASE
      WHEN STRPOS(_raw_text, CHR(  65533)) > 0 OR NOT _is_object
      THEN NULL
      WHEN NOT "_failure_page_view_id" IS NULL
      THEN 'page_view_id'
      WHEN NOT "_failure_shopper_id" IS NULL
      THEN 'shopper_id'
      WHEN NOT "_failure_customer_id" IS NULL
      THEN 'customer_id'
      WHEN NOT "_failure_url" IS NULL
      THEN 'url'
      WHEN NOT "_failure_referrer" IS NULL
      THEN 'referrer'
      WHEN NOT "_failure_device" IS NULL
      THEN 'device'
      WHEN NOT "_failure_occurred_at" IS NULL
      THEN 'occurred_at'
    END AS _field,
    "page_view_id",
    "shopper_id",
    "customer_id",
    "url",
    "referrer",
    "device",
    "occurred_at"
  FROM failures
), kept AS (
  SELECT
    _source_object,
    _landed_date,
    _line_number,
    _record_number,
    IF(NOT _reason IS NULL, _raw_text) AS _raw_text,
    _extra,
    _reason,
    _field,
    "page_view_id",
    "shopper_id",
    "customer_id",
    "url",
    "referrer",
    "device",
    "occurred_at"
  FROM checked
)
SELECT
  _source_object,
  _landed_date,
  _line_number,
  _record_number,
  _reason,
  _field,
  "page_view_id",
  "shopper_id",
  "customer_id",
  "url",
  "referrer",
  "device",
  "occurred_at",
  _raw_text,
  _extra,
  IF(
    _reason IS NULL,
    TO_HEX(
      MD5(
        TO_UTF8(
          JSON_FORMAT(
            CAST(ARRAY[CAST("page_view_id" AS VARCHAR), CAST("shopper_id" AS VARCHAR), CAST("customer_id" AS VARCHAR), CAST("url" AS VARCHAR), CAST("referrer" AS VARCHAR), CAST("device" AS VARCHAR), CAST("occurred_at" AS VARCHAR), JSON_FORMAT(CAST(_extra AS JSON))] AS JSON)
          )
        )
      )
    )
  ) AS _content_hash,
  IF(
    _reason IS NULL,
    ROW_NUMBER() OVER (
      PARTITION BY _reason IS NULL, "page_view_id"
      ORDER BY _source_object, _line_number, _record_number
    )
  ) AS _key_rank
FROM kept;

-- Insert the good records whose key is new.
MERGE INTO "raw"."page_views" AS target
USING (
  SELECT
    _source_object,
    _line_number,
    _record_number,
    "page_view_id",
    "shopper_id",
    "customer_id",
    "url",
    "referrer",
    "device",
    "occurred_at",
    "_extra",
    "_content_hash"
  FROM "scratch"."page_views_batch"
  WHERE
    _key_rank = 1
    AND (
      "occurred_at" >= CAST('2026-01-01 00:00:00.000000' AS TIMESTAMP(6))
      AND "occurred_at" < CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP(6))
    )
) AS source
ON "target"."page_view_id" = "source"."page_view_id"
AND (
  "target"."occurred_at" >= CAST('2025-12-31 00:00:00.000000' AS TIMESTAMP(6))
  AND "target"."occurred_at" < CAST('2026-01-03 00:00:00.000000' AS TIMESTAMP(6))
)
WHEN NOT MATCHED THEN INSERT (
  "page_view_id",
  "shopper_id",
  "customer_id",
  "url",
  "referrer",
  "device",
  "occurred_at",
  "_extra",
  "_content_hash",
  "_source_object",
  "_line_number",
  "_record_number",
  "_batch_id",
  "_contract_version",
  "_loaded_at"
) VALUES (
  "source"."page_view_id",
  "source"."shopper_id",
  "source"."customer_id",
  "source"."url",
  "source"."referrer",
  "source"."device",
  "source"."occurred_at",
  "source"."_extra",
  "source"."_content_hash",
  "source"."_source_object",
  "source"."_line_number",
  "source"."_record_number",
  'batch',
  '1.1.1',
  CAST('2026-01-01 00:00:00.000000' AS TIMESTAMP(6))
);

-- Insert the others, with the reason.
MERGE INTO "quarantine"."page_views" AS target
USING (
  SELECT
    _source_object,
    _line_number,
    _record_number,
    _landed_date,
    _reason,
    _field,
    _raw_text
  FROM "scratch"."page_views_batch"
  WHERE
    NOT _reason IS NULL
) AS source
ON "target"."source_object" = "source"."_source_object"
AND "target"."line_number" = "source"."_line_number"
AND "target"."record_number" = "source"."_record_number"
AND "target"."landed_date" IN (CAST('2026-01-01' AS DATE))
WHEN NOT MATCHED THEN INSERT (
  "source_object",
  "line_number",
  "record_number",
  "landed_date",
  "reason",
  "field",
  "raw_text",
  "contract_version",
  "batch_id",
  "quarantined_at"
) VALUES (
  "source"."_source_object",
  "source"."_line_number",
  "source"."_record_number",
  "source"."_landed_date",
  "source"."_reason",
  "source"."_field",
  "source"."_raw_text",
  '1.1.1',
  'batch',
  CAST('2026-01-01 00:00:00.000000' AS TIMESTAMP(6))
);

-- Count what is there now, by object.
SELECT
  source_object,
  outcome,
  reason,
  COUNT(*) AS records
FROM (
  SELECT
    "source"."_source_object" AS source_object,
    CASE
      WHEN "target"."_source_object" IS NULL
      THEN 'lost'
      WHEN "target"."_source_object" = "source"."_source_object"
      AND "target"."_line_number" = "source"."_line_number"
      AND "target"."_record_number" = "source"."_record_number"
      THEN 'loaded'
      WHEN NOT COALESCE("target"."_content_hash" <> "source"."_content_hash", FALSE)
      THEN 'duplicate'
      WHEN "kept"."source_object" IS NULL
      THEN 'conflict'
      ELSE 'quarantined'
    END AS outcome,
    IF(
      COALESCE("target"."_content_hash" <> "source"."_content_hash", FALSE)
      AND NOT "kept"."source_object" IS NULL,
      'conflict'
    ) AS reason
  FROM "scratch"."page_views_batch" AS source
  LEFT JOIN "raw"."page_views" AS target
    ON "target"."page_view_id" = "source"."page_view_id"
    AND (
      "target"."occurred_at" >= CAST('2025-12-31 00:00:00.000000' AS TIMESTAMP(6))
      AND "target"."occurred_at" < CAST('2026-01-03 00:00:00.000000' AS TIMESTAMP(6))
    )
  LEFT JOIN "quarantine"."page_views" AS kept
    ON "kept"."source_object" = "source"."_source_object"
    AND "kept"."line_number" = "source"."_line_number"
    AND "kept"."record_number" = "source"."_record_number"
    AND "kept"."landed_date" IN (CAST('2026-01-01' AS DATE))
  WHERE
    "source"."_reason" IS NULL
  UNION ALL
  SELECT
    "source"."_source_object" AS source_object,
    IF("kept"."source_object" IS NULL, 'lost', 'quarantined') AS outcome,
    "source"."_reason" AS reason
  FROM "scratch"."page_views_batch" AS source
  LEFT JOIN "quarantine"."page_views" AS kept
    ON "kept"."source_object" = "source"."_source_object"
    AND "kept"."line_number" = "source"."_line_number"
    AND "kept"."record_number" = "source"."_record_number"
    AND "kept"."landed_date" IN (CAST('2026-01-01' AS DATE))
  WHERE
    NOT "source"."_reason" IS NULL
  UNION ALL
  SELECT
    "source"."_source_object" AS source_object,
    'records' AS outcome,
    CAST(NULL AS VARCHAR) AS reason
  FROM "scratch"."page_views_batch" AS source
) AS outcomes
GROUP BY
  1,
  2,
  3;

-- Drop the batch's own table.
DROP TABLE IF EXISTS `scratch`.`page_views_batch`;
