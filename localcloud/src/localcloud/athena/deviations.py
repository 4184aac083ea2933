"""Where the local Athena is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation("typeof('abc')", "refused: the length of varchar(n) is not followed through expressions", "varchar(3)"),
    Deviation("cast('abc' as char(5)) || 'x'", "has the type varchar", "has the type char(6)"),
    Deviation("concat('a', null)", "NULL of type varchar", "NULL of type array(varchar(1))"),
    Deviation("'a' || null", "NULL of type varchar", "NULL of type array(varchar(1))"),
    Deviation("max(x) where a double x is NaN", "NaN", "the greatest of the others"),
    Deviation("NaN in IN with a subquery, USING, NULLIF and CASE x WHEN", "equals itself", "equals nothing"),
    Deviation(
        "(select approx_percentile(x, decimal '0.5') from (values 1e0, 2e0) t(x))",
        "another approximation, which may interpolate: 1.5",
        "2.0",
    ),
    Deviation(
        "(select corr(x, y) from (values (1e0, 2e0), (2e0, 4e0)) t(x, y))",
        "the last digit of an aggregate of doubles may be another: 1.0",
        "0.9999999999999999",
    ),
    Deviation(
        "avg(cast(x as double)) of a decimal x of up to 18 digits",
        "the exact average as a double",
        "a sum of doubles, whose last digit depends on the rows' order",
    ),
    Deviation("approx_distinct(x)", "counts exactly", "a count within its standard error (2.3 % by default)"),
    Deviation("json_extract(text, path)", "fractions in it lose their last zeros", "keeps the text of every number"),
    Deviation("ExpectedBucketOwner of a result", "kept and passed on to S3, which looks at no owner", "checked"),
    Deviation(
        "a work group that enforces its settings and has no result location",
        "takes the location of the request",
        "refuses the query",
    ),
    Deviation("the .metadata object of a result", "the fields that drivers read", "an undocumented format with more"),
    Deviation(
        "GetQueryRuntimeStatistics",
        "one output stage, no InputRows, no plan, no planning time",
        "all stages with their plans",
    ),
    Deviation(
        "EXPLAIN",
        "the operators that the query names, in one fragment; estimates of scans only: rows and bytes of the files,"
        " row groups and columns left after pruning, and `?` for what is above them",
        "the optimizer's plan in fragments with exchanges; estimates from the tables' statistics",
    ),
    Deviation(
        "EXPLAIN ANALYZE",
        "the operators that DuckDB ran, with their rows and times; VERBOSE adds nothing",
        "the operators that Trino ran",
    ),
    Deviation("API request rates", "unlimited, unless a fault rule throttles", "limited by operation and account"),
)
