"""Where the local Athena is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation("typeof('abc')", "refused: the length of varchar(n) is not followed through expressions", "varchar(3)"),
    Deviation("cast('abc' as char(5)) || 'x'", "has the type varchar", "has the type char(6)"),
    Deviation("concat('a', null)", "NULL of type varchar", "NULL of type array(varchar(1))"),
    Deviation("'a' || null", "NULL of type varchar", "NULL of type array(varchar(1))"),
    Deviation("greatest(1e0, nan())", "NaN is the greatest number", "NaN is passed over: 1.0"),
    Deviation("nan() = nan()", "true: NaN equals itself", "false"),
    Deviation("nan() > 1e0", "true: NaN is above every number", "false"),
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
    Deviation("-2147483648 - 1", "the literal -2147483648 is a bigint, so nothing overflows", "an overflow of integer"),
    Deviation("is_json_scalar('nope')", "NULL", "an error: the text is no JSON"),
    Deviation("[1, 2]", "an array, as if ARRAY stood before it", "a syntax error"),
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
