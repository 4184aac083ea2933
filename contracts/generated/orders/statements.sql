-- Written by `landfall contracts generate` from contracts/streams/; change the contract instead.

-- The table of good records.
CREATE TABLE IF NOT EXISTS `raw`.`orders` (
  `order_id` STRING COMMENT 'The order.',
  `line_number` BIGINT COMMENT 'Position of the line in its order, from 1.',
  `version` BIGINT COMMENT 'Counts the changes of the line from 1; the highest is what holds.',
  `customer_id` STRING COMMENT 'The merchant (tenant) to whom the event belongs.',
  `shopper_id` STRING COMMENT 'The shopper, under a pseudonym that is the same in every stream.',
  `status` STRING COMMENT 'Where the line stands after this change.',
  `sku` STRING COMMENT 'What was bought, in the merchant\'s own numbering.',
  `quantity` BIGINT COMMENT 'Pieces bought.',
  `unit_price_cents` BIGINT COMMENT 'Price of one piece in cents of the currency.',
  `currency` STRING COMMENT 'ISO 4217 code.',
  `note` STRING COMMENT 'Free text of the shopper; any character, so it may hold what looks like markup or a formula.',
  `occurred_at` TIMESTAMP COMMENT 'When the change happened. UTC, ISO-8601 with up to six digits of a second. An event that is sent again carries the same time: the load looks for duplicates in the days its batch speaks of.',
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
LOCATION 's3://lake/raw/orders/'
TBLPROPERTIES (
  'table_type'='ICEBERG',
  'format'='parquet',
  'write_compression'='zstd'
);

-- The table of records that broke the contract.
CREATE TABLE IF NOT EXISTS `quarantine`.`orders` (
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
LOCATION 's3://lake/quarantine/orders/'
TBLPROPERTIES (
  'table_type'='ICEBERG',
  'format'='parquet',
  'write_compression'='zstd'
);

-- A batch: read its objects once, and say of every record what becomes of it.
CREATE TABLE "scratch"."orders_batch"
WITH (
  table_type='ICEBERG',
  is_external=FALSE,
  format='PARQUET',
  location='s3://lake/scratch/orders_batch/'
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
  FROM "landing"."orders"
  WHERE
    (
      dt IN ('2026-01-01') AND hr IN ('00')
    )
    AND "$path" IN ('s3://landing/orders/dt=2026-01-01/hr=00/object.gz')
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
    JSON_FORMAT(JSON_EXTRACT(_document, '$.order_id')) AS "_json_order_id",
    JSON_EXTRACT_SCALAR(_document, '$.order_id') AS "_scalar_order_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.line_number')) AS "_json_line_number",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.version')) AS "_json_version",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.customer_id')) AS "_json_customer_id",
    JSON_EXTRACT_SCALAR(_document, '$.customer_id') AS "_scalar_customer_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.shopper_id')) AS "_json_shopper_id",
    JSON_EXTRACT_SCALAR(_document, '$.shopper_id') AS "_scalar_shopper_id",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.status')) AS "_json_status",
    JSON_EXTRACT_SCALAR(_document, '$.status') AS "_scalar_status",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.sku')) AS "_json_sku",
    JSON_EXTRACT_SCALAR(_document, '$.sku') AS "_scalar_sku",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.quantity')) AS "_json_quantity",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.unit_price_cents')) AS "_json_unit_price_cents",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.currency')) AS "_json_currency",
    JSON_EXTRACT_SCALAR(_document, '$.currency') AS "_scalar_currency",
    JSON_FORMAT(JSON_EXTRACT(_document, '$.note')) AS "_json_note",
    JSON_EXTRACT_SCALAR(_document, '$.note') AS "_scalar_note",
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
      AND JSON_SIZE(_document, '$') > 0 + IF("_json_order_id" IS NULL, 0, 1) + IF("_json_line_number" IS NULL, 0, 1) + IF("_json_version" IS NULL, 0, 1) + IF("_json_customer_id" IS NULL, 0, 1) + IF("_json_shopper_id" IS NULL, 0, 1) + IF("_json_status" IS NULL, 0, 1) + IF("_json_sku" IS NULL, 0, 1) + IF("_json_quantity" IS NULL, 0, 1) + IF("_json_unit_price_cents" IS NULL, 0, 1) + IF("_json_currency" IS NULL, 0, 1) + IF("_json_note" IS NULL, 0, 1) + IF("_json_occurred_at" IS NULL, 0, 1),
      TRANSFORM_VALUES(
        MAP_FILTER(
          CAST(_document AS MAP(VARCHAR, JSON)),
          (name, value) -> NOT name IN (
            'order_id',
            'line_number',
            'version',
            'customer_id',
            'shopper_id',
            'status',
            'sku',
            'quantity',
            'unit_price_cents',
            'currency',
            'note',
            'occurred_at'
          )
        ),
        (name, value) -> JSON_FORMAT(value)
      )
    ) AS _extra,
    "_json_order_id",
    "_scalar_order_id" AS "order_id",
    "_json_line_number",
    TRY_CAST("_json_line_number" AS BIGINT) AS "line_number",
    "_json_version",
    TRY_CAST("_json_version" AS BIGINT) AS "version",
    "_json_customer_id",
    "_scalar_customer_id" AS "customer_id",
    "_json_shopper_id",
    "_scalar_shopper_id" AS "shopper_id",
    "_json_status",
    "_scalar_status" AS "status",
    "_json_sku",
    "_scalar_sku" AS "sku",
    "_json_quantity",
    TRY_CAST("_json_quantity" AS BIGINT) AS "quantity",
    "_json_unit_price_cents",
    TRY_CAST("_json_unit_price_cents" AS BIGINT) AS "unit_price_cents",
    "_json_currency",
    "_scalar_currency" AS "currency",
    "_json_note",
    "_scalar_note" AS "note",
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
    "order_id",
    CASE
      WHEN "_json_order_id" IS NULL OR "_json_order_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_order_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("order_id", '\A(?:ord_[0-9a-f]{12})\z')
      THEN 'not_allowed'
    END AS "_failure_order_id",
    "line_number",
    CASE
      WHEN "_json_line_number" IS NULL OR "_json_line_number" = 'null'
      THEN 'missing_field'
      WHEN NOT REGEXP_LIKE("_json_line_number", '\A-?[0-9]+\z') OR "line_number" IS NULL
      THEN 'wrong_type'
      WHEN "line_number" < 1
      THEN 'not_allowed'
    END AS "_failure_line_number",
    "version",
    CASE
      WHEN "_json_version" IS NULL OR "_json_version" = 'null'
      THEN 'missing_field'
      WHEN NOT REGEXP_LIKE("_json_version", '\A-?[0-9]+\z') OR "version" IS NULL
      THEN 'wrong_type'
      WHEN "version" < 1
      THEN 'not_allowed'
    END AS "_failure_version",
    "customer_id",
    CASE
      WHEN "_json_customer_id" IS NULL OR "_json_customer_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_customer_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("customer_id", '\A(?:cus_[0-9]{6})\z')
      THEN 'not_allowed'
    END AS "_failure_customer_id",
    "shopper_id",
    CASE
      WHEN "_json_shopper_id" IS NULL OR "_json_shopper_id" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_shopper_id", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("shopper_id", '\A(?:shp_[0-9]{8})\z')
      THEN 'not_allowed'
    END AS "_failure_shopper_id",
    "status",
    CASE
      WHEN "_json_status" IS NULL OR "_json_status" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_status", '"')
      THEN 'wrong_type'
      WHEN NOT "status" IN ('placed', 'paid', 'shipped', 'cancelled', 'refunded')
      THEN 'not_allowed'
    END AS "_failure_status",
    "sku",
    CASE
      WHEN "_json_sku" IS NULL OR "_json_sku" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_sku", '"')
      THEN 'wrong_type'
      WHEN LENGTH("sku") < 1 OR LENGTH("sku") > 64
      THEN 'not_allowed'
    END AS "_failure_sku",
    "quantity",
    CASE
      WHEN "_json_quantity" IS NULL OR "_json_quantity" = 'null'
      THEN 'missing_field'
      WHEN NOT REGEXP_LIKE("_json_quantity", '\A-?[0-9]+\z') OR "quantity" IS NULL
      THEN 'wrong_type'
      WHEN "quantity" < 1
      THEN 'not_allowed'
    END AS "_failure_quantity",
    "unit_price_cents",
    CASE
      WHEN "_json_unit_price_cents" IS NULL OR "_json_unit_price_cents" = 'null'
      THEN 'missing_field'
      WHEN NOT REGEXP_LIKE("_json_unit_price_cents", '\A-?[0-9]+\z')
      OR "unit_price_cents" IS NULL
      THEN 'wrong_type'
      WHEN "unit_price_cents" < 0
      THEN 'not_allowed'
    END AS "_failure_unit_price_cents",
    "currency",
    CASE
      WHEN "_json_currency" IS NULL OR "_json_currency" = 'null'
      THEN 'missing_field'
      WHEN NOT STARTS_WITH("_json_currency", '"')
      THEN 'wrong_type'
      WHEN NOT REGEXP_LIKE("currency", '\A(?:[A-Z]{3})\z')
      OR LENGTH("currency") < 3
      OR LENGTH("currency") > 3
      THEN 'not_allowed'
    END AS "_failure_currency",
    "note",
    CASE
      WHEN "_json_note" IS NULL OR "_json_note" = 'null'
      THEN NULL
      WHEN NOT STARTS_WITH("_json_note", '"')
      THEN 'wrong_type'
    END AS "_failure_note",
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
      WHEN NOT "_failure_order_id" IS NULL
      THEN "_failure_order_id"
      WHEN NOT "_failure_line_number" IS NULL
      THEN "_failure_line_number"
      WHEN NOT "_failure_version" IS NULL
      THEN "_failure_version"
      WHEN NOT "_failure_customer_id" IS NULL
      THEN "_failure_customer_id"
      WHEN NOT "_failure_shopper_id" IS NULL
      THEN "_failure_shopper_id"
      WHEN NOT "_failure_status" IS NULL
      THEN "_failure_status"
      WHEN NOT "_failure_sku" IS NULL
      THEN "_failure_sku"
      WHEN NOT "_failure_quantity" IS NULL
      THEN "_failure_quantity"
      WHEN NOT "_failure_unit_price_cents" IS NULL
      THEN "_failure_unit_price_cents"
      WHEN NOT "_failure_currency" IS NULL
      THEN "_failure_currency"
      WHEN NOT "_failure_note" IS NULL
      THEN "_failure_note"
      WHEN NOT "_failure_occurred_at" IS NULL
      THEN "_failure_occurred_at"
    END AS _reason,
    CASE
      WHEN STRPOS(_raw_text, CHR(  65533)) > 0 OR NOT _is_object
      THEN NULL
      WHEN NOT "_failure_order_id" IS NULL
      THEN 'order_id'
      WHEN NOT "_failure_line_number" IS NULL
      THEN 'line_number'
      WHEN NOT "_failure_version" IS NULL
      THEN 'version'
      WHEN NOT "_failure_customer_id" IS NULL
      THEN 'customer_id'
      WHEN NOT "_failure_shopper_id" IS NULL
      THEN 'shopper_id'
      WHEN NOT "_failure_status" IS NULL
      THEN 'status'
      WHEN NOT "_failure_sku" IS NULL
      THEN 'sku'
      WHEN NOT "_failure_quantity" IS NULL
      THEN 'quantity'
      WHEN NOT "_failure_unit_price_cents" IS NULL
      THEN 'unit_price_cents'
      WHEN NOT "_failure_currency" IS NULL
      THEN 'currency'
      WHEN NOT "_failure_note" IS NULL
      THEN 'note'
      WHEN NOT "_failure_occurred_at" IS NULL
      THEN 'occurred_at'
    END AS _field,
    "order_id",
    "line_number",
    "version",
    "customer_id",
    "shopper_id",
    "status",
    "sku",
    "quantity",
    "unit_price_cents",
    "currency",
    "note",
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
    "order_id",
    "line_number",
    "version",
    "customer_id",
    "shopper_id",
    "status",
    "sku",
    "quantity",
    "unit_price_cents",
    "currency",
    "note",
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
  "order_id",
  "line_number",
  "version",
  "customer_id",
  "shopper_id",
  "status",
  "sku",
  "quantity",
  "unit_price_cents",
  "currency",
  "note",
  "occurred_at",
  _raw_text,
  _extra,
  IF(
    _reason IS NULL,
    TO_HEX(
      MD5(
        TO_UTF8(
          JSON_FORMAT(
            CAST(ARRAY[CAST("order_id" AS VARCHAR), CAST("line_number" AS VARCHAR), CAST("version" AS VARCHAR), CAST("customer_id" AS VARCHAR), CAST("shopper_id" AS VARCHAR), CAST("status" AS VARCHAR), CAST("sku" AS VARCHAR), CAST("quantity" AS VARCHAR), CAST("unit_price_cents" AS VARCHAR), CAST("currency" AS VARCHAR), CAST("note" AS VARCHAR), CAST("occurred_at" AS VARCHAR), JSON_FORMAT(CAST(_extra AS JSON))] AS JSON)
          )
        )
      )
    )
  ) AS _content_hash,
  IF(
    _reason IS NULL,
    ROW_NUMBER() OVER (
      PARTITION BY _reason IS NULL, "order_id", "line_number", "version"
      ORDER BY _source_object, _line_number, _record_number
    )
  ) AS _key_rank
FROM kept;

-- Insert the good records whose key is new.
MERGE INTO "raw"."orders" AS target
USING (
  SELECT
    _source_object,
    _line_number,
    _record_number,
    "order_id",
    "line_number",
    "version",
    "customer_id",
    "shopper_id",
    "status",
    "sku",
    "quantity",
    "unit_price_cents",
    "currency",
    "note",
    "occurred_at",
    "_extra",
    "_content_hash"
  FROM "scratch"."orders_batch"
  WHERE
    _key_rank = 1
    AND (
      "occurred_at" >= CAST('2026-01-01 00:00:00.000000' AS TIMESTAMP(6))
      AND "occurred_at" < CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP(6))
    )
) AS source
ON (
  "target"."order_id" = "source"."order_id"
  AND "target"."line_number" = "source"."line_number"
  AND "target"."version" = "source"."version"
)
AND (
  "target"."occurred_at" >= CAST('2025-12-29 00:00:00.000000' AS TIMESTAMP(6))
  AND "target"."occurred_at" < CAST('2026-01-05 00:00:00.000000' AS TIMESTAMP(6))
)
WHEN NOT MATCHED THEN INSERT (
  "order_id",
  "line_number",
  "version",
  "customer_id",
  "shopper_id",
  "status",
  "sku",
  "quantity",
  "unit_price_cents",
  "currency",
  "note",
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
  "source"."order_id",
  "source"."line_number",
  "source"."version",
  "source"."customer_id",
  "source"."shopper_id",
  "source"."status",
  "source"."sku",
  "source"."quantity",
  "source"."unit_price_cents",
  "source"."currency",
  "source"."note",
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
MERGE INTO "quarantine"."orders" AS target
USING (
  SELECT
    _source_object,
    _line_number,
    _record_number,
    _landed_date,
    _reason,
    _field,
    _raw_text
  FROM "scratch"."orders_batch"
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
  FROM "scratch"."orders_batch" AS source
  LEFT JOIN "raw"."orders" AS target
    ON (
      "target"."order_id" = "source"."order_id"
      AND "target"."line_number" = "source"."line_number"
      AND "target"."version" = "source"."version"
    )
    AND (
      "target"."occurred_at" >= CAST('2025-12-29 00:00:00.000000' AS TIMESTAMP(6))
      AND "target"."occurred_at" < CAST('2026-01-05 00:00:00.000000' AS TIMESTAMP(6))
    )
  LEFT JOIN "quarantine"."orders" AS kept
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
  FROM "scratch"."orders_batch" AS source
  LEFT JOIN "quarantine"."orders" AS kept
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
  FROM "scratch"."orders_batch" AS source
) AS outcomes
GROUP BY
  1,
  2,
  3;

-- Drop the batch's own table.
DROP TABLE IF EXISTS `scratch`.`orders_batch`;
