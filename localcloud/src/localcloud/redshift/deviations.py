"""Where the local Redshift is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        subject="Trailing blanks of VARCHAR values",
        here="do not count in comparisons with a literal or a computed value, but do count when two columns are"
        " compared, in GROUP BY, DISTINCT, joins on equal columns and IN with a subquery",
        service="never count in comparisons",
    ),
    Deviation(
        subject="CHAR(n) values in files of UNLOAD",
        here="are written without the blanks they are padded with",
        service="pads them to n bytes",
    ),
    Deviation(
        subject="Definitions of bound views (pg_views, pg_get_viewdef)",
        here="are told as they were written, names qualified by their schema, in this project's layout",
        service="tells them as its parser prints them, those of other views as written, as here",
    ),
    Deviation(
        subject="The table behind a materialized view (mv_tbl__…)",
        here="has the view's columns and no others",
        service="adds a column, and one more for each table read, to refresh incrementally by; AWS documents none",
    ),
    Deviation(
        subject="The certificate of TLS on the wire",
        here="is signed by itself: a client that verifies it, as redshift_connector does by default, trusts it where"
        " SSL_CERT_FILE names <state folder>/redshift/redshift-tls.pem",
        service="is signed by Amazon's authority, which redshift_connector brings along",
    ),
    Deviation(
        subject="SYS_QUERY_DETAIL",
        here="has the steps that put rows into tables of the catalogue (INSERT, UPDATE, MERGE, COPY, CREATE TABLE AS)",
        service="has every step of every query, of temporary tables too",
    ),
    Deviation(
        subject="The last digit of a NUMERIC quotient or average",
        here="is rounded half away from zero, as PostgreSQL does",
        service="documents its scale but not its rounding",
    ),
    Deviation(
        subject="DATEDIFF in weeks",
        here="counts Mondays, the days that DATE_TRUNC('week') gives",
        service="does not document on which day a week starts for DATEDIFF",
    ),
    Deviation(
        subject="Locks of ALTER TABLE, DROP TABLE, TRUNCATE and LOCK",
        here="make other writers of the table wait; readers go on with the snapshot from before",
        service="make readers wait too (AccessExclusiveLock)",
    ),
    Deviation(
        subject="A SELECT outside a transaction block under SERIALIZABLE",
        here="is no part of a cycle of dependencies that ends in error 1023",
        service="counts as a transaction",
    ),
    Deviation(
        subject="Cursors",
        here="may be open several at once in a session; a query's rows are computed when the cursor is declared",
        service="allows one open cursor a session, and computes its rows at the first FETCH",
    ),
    Deviation(
        subject="SYS_SERVERLESS_USAGE and usage limits",
        here="count the base capacity, which never scales, for the time that statements run on this machine",
        service="counts the capacity that it scaled to, for the time that statements run there",
    ),
    Deviation(
        subject="The log entry or metric of a usage limit that is reached",
        here="is a line in the local cloud's log",
        service="is an entry of a system table, or a CloudWatch metric",
    ),
    Deviation(
        subject="STV_MV_INFO.is_stale",
        here="is always t, and AUTO REFRESH is remembered without refreshing anything",
        service="tells whether a base table has changed, and refreshes in the background",
    ),
    Deviation(
        subject="Costs and row estimates of EXPLAIN",
        here="come from DuckDB's plan with the formulas of the documentation's examples; the join order is DuckDB's",
        service="come from its own optimizer and the cluster's size",
    ),
    Deviation(
        subject="Numbers inside SUPER values",
        here="are compared with other numbers as DOUBLE PRECISION",
        service="keeps integers and decimals exact",
    ),
    Deviation(
        subject="Texts that are read as DATE or TIMESTAMP",
        here="are read as 2024-05-17, 2024/5/17, 20240517 or 5/17/2024 where they are cast, as the first where"
        " they are compared with or stored as one; any other form is an error",
        service="reads further forms, e.g. May 17, 2024",
    ),
    Deviation(
        subject="Regular expressions",
        here="are RE2's: of several alternatives the first that matches counts",
        service="are POSIX ones: the longest match counts",
    ),
    Deviation(
        subject="MEDIAN and PERCENTILE_CONT of integers and NUMERIC",
        here="are DOUBLE PRECISION",
        service="are DECIMAL",
    ),
    Deviation(
        subject="Superusers",
        here="are the administrator and every login by GetCredentials or IAM whose name no CREATE USER made",
        service="makes only the administrator one; IAM identities get the rights their tags and grants give",
    ),
    Deviation(
        subject="Users, groups and roles",
        here="belong to the database they were created in",
        service="belong to the whole namespace",
    ),
    Deviation(
        subject="Other databases of the namespace (database.schema.table)",
        here="can be read; a transaction sees each as it was when it first read it, and its reads of them are in no"
        " cycle of dependencies that ends in error 1023; a user that CREATE USER made reads those it was made in too",
        service="can be written too; a transaction sees all as they were when it began",
    ),
    Deviation(
        subject="Column privileges",
        here="also count a column of the same name that a nested query reads from another table without a qualifier",
        service="resolves each name before it checks",
    ),
    Deviation(
        subject="The sys_* and stl_* views of queries, loads and unloads",
        here="show the last 5,000 entries since the process started; returned_rows is 0 for SELECT",
        service="keep seven days",
    ),
    Deviation(
        subject="Nested columns of external tables",
        here="are SUPER values, of Hive tables as of Iceberg ones, and may be selected whole; a map is an array of"
        " objects with key and value",
        service="has SUPER for Iceberg; of a Hive table only what lies inside a nested column can be selected, or its"
        " JSON with json_serialization_enable",
    ),
    Deviation(
        subject="Files of CREATE EXTERNAL TABLE AS and INSERT into external tables",
        here="are one a statement or partition, named by time, session and a random part;"
        " write.parallel, write.maxfilesize.mb and write.kms.key.id are kept without effect",
        service="are one a slice or more, named by time, query and slice",
    ),
    Deviation(
        subject="Dates in external text tables",
        here="are read as 2017-05-01",
        service="reads further forms, e.g. may-01-2017",
    ),
    Deviation(
        subject="System views of the catalogue (svv_*, pg_*)",
        here="show every user all relations",
        service="show the SVV views' users what they may access",
    ),
)
