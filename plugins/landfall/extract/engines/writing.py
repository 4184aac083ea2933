"""The statement that writes an extract's files, and the views that it reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from landfall.aws import s3
from landfall.aws.polling import Meanwhile
from landfall.aws.redshift_data import RedshiftData
from landfall.contracts.extract_product import load_products
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.attempt import AttemptStatements
from landfall.extract.engines.statements import ENGINES, unload_statement
from landfall.extract.engines.walls import binding, lake_views, warehouse_view
from landfall.settings import Settings


def tables_of(admission: Admission) -> list[str]:
    """Return the pinned version, and what it is compared with."""
    return [table for table in (admission.pinned.table, admission.base_table) if table is not None]


def views_of(admission: Admission, prefix: str) -> list[str]:
    """Return the names of the views of `tables_of` it that the attempt at `prefix` reads."""
    if ENGINES[admission.request.format] == "redshift":
        return [warehouse_view(table) for table in tables_of(admission)]
    database, name = lake_views(prefix)
    return [f"{database}.{name}{number}" for number, _ in enumerate(tables_of(admission))]


class Writing:
    """The UNLOAD of one attempt.

    Redshift begins it while Athena counts: most extracts are neither refused nor made to wait for what is counted, and
    of one that is, the UNLOAD is stopped. Athena, which is paid for what it reads, begins its own when that is known.
    """

    def __init__(
        self,
        admission: Admission,
        statements: AttemptStatements,
        *,
        prefix: str,
        salt: Callable[[], str],
        settings: Settings,
    ) -> None:
        """Write the rows of `admission` to `prefix`; `salt` is asked for when columns are masked with it."""
        self._admission, self._statements = admission, statements
        self._prefix, self._salt, self._settings = prefix, salt, settings
        self._is_redshifts = ENGINES[admission.request.format] == "redshift"

    def begin(self) -> None:
        """Do what can be done before the rows are known."""
        if self._is_redshifts:
            self._statements.begin_on_redshift("unload", self._start)
        else:
            _ = self._text

    def withdraw(self) -> None:
        """Let nothing be written."""
        self._statements.withdraw("unload")

    def end(self, *, meanwhile: Meanwhile) -> tuple[str, tuple[int, ...]]:
        """Wait for the files; return the statement's id and the scanned bytes that it cost."""
        if self._is_redshifts:
            return self._statements.on_redshift("unload", self._start, meanwhile=meanwhile), ()
        done = self._statements.on_athena("unload", self._cleared, meanwhile=meanwhile)
        return done.query_execution_id, (done.scanned_bytes,)

    def _start(self, redshift: RedshiftData) -> str:
        bound = binding(self._admission.request.customer_id).sql(dialect="redshift")
        return redshift.start_together([bound, self._cleared()], name="landfall-extract")

    def _cleared(self) -> str:
        # Only before the statement is started: taken up again, the attempt must find what it has written.
        s3.delete_prefix(bucket=self._settings.extracts_bucket, prefix=self._prefix)
        return self._text

    @cached_property
    def _text(self) -> str:
        """The UNLOAD of what the views show to the prefix."""
        request, settings = self._admission.request, self._settings
        product = load_products()[request.product]
        names = f"{product.product}_" if self._is_redshifts else ""
        return unload_statement(
            product,
            request,
            *views_of(self._admission, self._prefix),
            destination=f"s3://{settings.extracts_bucket}/{self._prefix}{names}",
            salt=self._salt(),
            role_arn=settings.unload_role_arn,
            key_arn=self._admission.key_arn,
        )
