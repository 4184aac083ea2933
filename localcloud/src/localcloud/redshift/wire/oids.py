"""Object ids of the types on the wire (pg_type), and what Redshift adds to PostgreSQL's."""

from __future__ import annotations

BOOLEAN, BIGINT, SMALLINT, INTEGER, TEXT, OID, REAL, DOUBLE, UNKNOWN = 16, 20, 21, 23, 25, 26, 700, 701, 705
BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ = 1042, 1043, 1082, 1083, 1114, 1184
INTERVAL, TIMETZ, NUMERIC = 1186, 1266, 1700
SUPER, VARBYTE = 4000, 6551
