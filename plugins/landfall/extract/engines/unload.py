"""Let an engine write an extract's files: Redshift writes CSV and JSON lines, Athena writes Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from functools import cache, partial

from landfall.aws import glue
from landfall.aws.polling import Meanwhile
from landfall.aws.sts import narrowed
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.delivery.encryption import under_customers_key
from landfall.extract.door.limits import too_many
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.attempt import AttemptStatements, StillRunningError
from landfall.extract.engines.isolation import session_policy
from landfall.extract.engines.masking import Engine
from landfall.extract.engines.salt import salt_for
from landfall.extract.engines.statements import ENGINES, count_rows
from landfall.extract.engines.walls import create_lake_view
from landfall.extract.engines.writing import Writing, tables_of, views_of
from landfall.extract.files.layout import attempt_prefix
from landfall.extract.files.reuse import Reused, files_id, take_over
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

_WHY: Mapping[Engine, str] = {
    "redshift": "its UNLOAD writes text with a header, in order, in one file or in parts of a size; Athena's does not",
    "athena": "it reads and writes the lake without waking the warehouse",
}


@dataclass(frozen=True, kw_only=True)
class Unloaded:
    """What an attempt left: `prefix` in the extracts bucket, the rows the files must hold, and who wrote them and why.

    `scanned_bytes` are those of each statement on Athena. `files_id` is what another extract must have to be given the
    same files; `reused` is set when these are an earlier one's.
    """

    admission: Admission
    prefix: str
    expected_rows: int
    engine: Mapping[str, str]
    scanned_bytes: tuple[int, ...]
    files_id: str
    reused: Reused | None = None


def unload(
    admission: Admission,
    *,
    attempt: int,
    settings: Settings,
    statements: AttemptStatements | None = None,
    while_counting: Meanwhile = None,
    while_writing: Meanwhile = None,
) -> Unloaded:
    """Write the files of `admission` to the prefix of this `attempt` (1, 2, ...), emptied before.

    Finished files of an earlier extract that is the same are copied, and no engine is asked. Otherwise all is done with
    credentials that can read the published version and write this prefix, and nothing else, and the files are made
    through views that show this customer's rows alone.

    `while_counting` and `while_writing` are done while an engine does that, with the credentials of the process.

    `statements` are those of the attempt so far, which must not take longer than they say. Raises StillRunningError
    when they do, NoSlotError when large extracts must wait, RequestError when the rows are more than the product
    allows, EngineError when an engine fails, KeyUnusableError when the customer's own key cannot be used.
    """
    statements = statements or AttemptStatements(settings=settings)
    prefix = attempt_prefix(admission.request, attempt)
    is_begun = bool(statements.known)
    with under_customers_key(admission, prefix=prefix, is_begun=is_begun, settings=settings):
        return _unloaded(
            admission,
            statements,
            prefix=prefix,
            settings=settings,
            while_counting=_outside(while_counting),
            while_writing=_outside(while_writing),
        )


def _outside(meanwhile: Meanwhile) -> Meanwhile:
    """Return what does `meanwhile` without the credentials of a session."""
    return partial(Context().run, meanwhile) if meanwhile else None


def _unloaded(
    admission: Admission,
    statements: AttemptStatements,
    *,
    prefix: str,
    settings: Settings,
    while_counting: Meanwhile,
    while_writing: Meanwhile,
) -> Unloaded:
    # Taken up again, the attempt has files of its own at the prefix.
    reused = None if statements.known else take_over(admission, prefix=prefix, settings=settings)
    if reused is not None:
        return _as_unloaded(admission, reused, prefix=prefix)
    policy = session_policy(admission.pinned, base=admission.base, prefix=prefix, settings=settings)
    as_writer = narrowed(settings.extract_role_arn, policy=policy, name=admission.request.extract_id)
    salt = cache(lambda: salt_for(admission.request, settings))
    writing = Writing(admission, statements, prefix=prefix, salt=salt, settings=settings)

    def make_ready() -> None:
        writing.begin()
        if while_counting:
            while_counting()

    try:
        with as_writer:
            rows, scanned_bytes = _count(admission, statements, meanwhile=make_ready)
        ExtractStore.of(settings).slots.take_if_large(admission.request.extract_id, rows=rows)
    except BaseException:
        # There are too many, it is not their turn, or nobody knows of how many.
        with as_writer:
            writing.withdraw()
        raise
    with _walls(admission, statements, prefix=prefix), as_writer:
        statement_id, written_bytes = writing.end(meanwhile=while_writing)
    engine = ENGINES[admission.request.format]
    return Unloaded(
        admission=admission,
        prefix=prefix,
        expected_rows=rows,
        engine={"name": engine, "statement_id": statement_id, "why": _WHY[engine]},
        scanned_bytes=(scanned_bytes, *written_bytes),
        files_id=files_id(admission, salt()),
    )


def _as_unloaded(admission: Admission, reused: Reused, *, prefix: str) -> Unloaded:
    return Unloaded(
        admission=admission,
        prefix=prefix,
        expected_rows=reused.rows,
        engine=reused.engine,
        scanned_bytes=(),
        files_id=reused.files_id,
        reused=reused,
    )


def _count(admission: Admission, statements: AttemptStatements, *, meanwhile: Meanwhile) -> tuple[int, int]:
    """Return how many rows the files must hold, and the bytes scanned to know it."""
    request = admission.request
    product = load_products()[request.product]
    table, base = admission.pinned.table, admission.base_table
    counted = statements.on_athena(
        "count", lambda: count_rows(product, request, table, base), fetch=True, meanwhile=meanwhile
    )
    rows = int(counted.rows[0][0] or 0)
    if refusal := too_many(rows, product, request.format):
        raise RequestError(refusal)
    return rows, counted.scanned_bytes


@contextmanager
def _walls(admission: Admission, statements: AttemptStatements, *, prefix: str) -> Iterator[None]:
    """See to it that there are `views_of` the attempt; those of Athena live while the attempt is under way."""
    request = admission.request
    if ENGINES[request.format] == "redshift":
        yield
        return
    product, is_over = load_products()[request.product], True
    views = dict(zip(views_of(admission, prefix), tables_of(admission), strict=True))
    try:
        for view, table in views.items():
            made = create_lake_view(view, product=product, customer_id=request.customer_id, table=table)
            statements.on_athena(view, lambda made=made: made)  # type: ignore[misc]
        yield
    except StillRunningError:
        is_over = False
        raise
    finally:
        if is_over:
            for view in views:
                database, _, name = view.partition(".")
                glue.delete_table(database=database, table=name)
