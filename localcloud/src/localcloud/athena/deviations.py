"""Where the local Athena is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        'row_number() OVER (PARTITION BY "$path") without ORDER BY',
        "numbers a text object's lines in their order, where it stands in the SELECT that names the table itself;"
        " behind a subquery or a view the order is any",
        "reads a text object from start to end, which in practice gives the same, and promises no order",
    ),
    Deviation(
        "CREATE TABLE AS of an Iceberg table with a timestamp of another precision than 6",
        "stores it as timestamp(6)",
        "refuses it: Timestamp precision (3) not supported for Iceberg",
    ),
    Deviation(
        "UPDATE, DELETE and MERGE on Iceberg tables",
        "rewrite the data files that hold changed rows (copy on write)",
        "adds position delete files (merge on read)",
    ),
    Deviation(
        "Two changes of one Iceberg table at once",
        "any commit between reading and committing an UPDATE, DELETE or MERGE is a conflict (ICEBERG_COMMIT_ERROR)",
        "commits in other partitions may be let through",
    ),
    Deviation(
        "DataScannedInBytes of a column of rows",
        "counts all fields of a struct column that is read",
        "counts the fields that are read",
    ),
    Deviation(
        "DataScannedInBytes of ORC",
        "counts whole objects",
        "counts the streams of the columns and stripes that are read",
    ),
    Deviation(
        "DataScannedInBytes under LIMIT",
        "counts what the query could read",
        "may stop reading early",
    ),
    Deviation(
        "A Hive partition's own columns",
        "every partition is read with the table's columns",
        "a partition whose registered types differ fails with HIVE_PARTITION_SCHEMA_MISMATCH",
    ),
    Deviation(
        "Folder names of Iceberg's identity partitions",
        "`day_=2026-11-01`, with an underscore after the column's name",
        "`day=2026-11-01`",
    ),
)
