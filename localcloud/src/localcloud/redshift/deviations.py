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
        subject="CHAR(n) values",
        here="are returned without the blanks they are padded with",
        service="pads them to n bytes",
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
)
