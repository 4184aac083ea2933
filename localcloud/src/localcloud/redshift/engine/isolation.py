"""Write locks on tables and the search for serializable-isolation violations, across the sessions of one database.

As Redshift documents it ("Isolation levels", "Write and read/write operations"): a writer locks its table until its
transaction ends, another writer waits; under SERIALIZABLE a transaction that would close a cycle of dependencies
between concurrent transactions fails with error 1023; under SNAPSHOT, the default of a Serverless workgroup, only
changes of the same rows conflict.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.redshift.errors import RedshiftError

SNAPSHOT, SERIALIZABLE = "SNAPSHOT ISOLATION", "SERIALIZABLE"
_LOCK_POLL_SECONDS = 1.0


@dataclass(eq=False)
class Transaction:
    """One transaction: tables by object id, places in the order of commits (None: not yet)."""

    id: int
    process_id: int
    reads: set[int] = field(default_factory=set)
    writes: set[int] = field(default_factory=set)
    snapshot: int | None = None
    committed: int | None = None


class Isolation:
    """Knows the running transactions of a database, and the ended ones that overlap with them; thread-safe."""

    def __init__(self) -> None:
        self.level = SNAPSHOT
        self._changed = threading.Condition()
        self._ids = itertools.count(1_000)
        self._commits = 0
        self._transactions: list[Transaction] = []
        self._holders: dict[int, Transaction] = {}
        self._waiting: dict[Transaction, int] = {}

    def begin(self, process_id: int) -> Transaction:
        """Enter a transaction; its snapshot is taken by its first `start_statement`."""
        transaction = Transaction(next(self._ids), process_id)
        with self._changed:
            self._transactions.append(transaction)
        return transaction

    def start_statement(self, transaction: Transaction) -> None:
        """Mark the snapshot; called right before the transaction first looks at data."""
        with self._changed:
            if transaction.snapshot is None:
                transaction.snapshot = self._commits

    def lock(self, transaction: Transaction, table: int, cancelled: Callable[[], bool]) -> bool:
        """Take the table's write lock, waiting for its holder; tells whether it had to wait.

        Raises RedshiftError 40P01 for a deadlock and 57014 when `cancelled` says so while it waits.
        """
        waited = False
        with self._changed:
            try:
                while self._holders.get(table, transaction) is not transaction:
                    waited = True
                    self._waiting[transaction] = table
                    self._refuse_deadlock(transaction, table)
                    if cancelled():
                        raise RedshiftError("57014", "Query cancelled on user's request")
                    self._changed.wait(_LOCK_POLL_SECONDS)
            finally:
                self._waiting.pop(transaction, None)
            self._holders[table] = transaction
            transaction.writes.add(table)
        return waited

    def wake(self) -> None:
        """Have the waiting transactions look whether they were cancelled."""
        with self._changed:
            self._changed.notify_all()

    def end(self, transaction: Transaction, *, committed: bool) -> None:
        """Release the locks; a committed transaction is remembered as long as a concurrent one runs."""
        with self._changed:
            self._holders = {table: holder for table, holder in self._holders.items() if holder is not transaction}
            if committed and transaction.writes:
                self._commits += 1
            if committed:
                transaction.committed = self._commits
            else:
                self._transactions.remove(transaction)
            self._forget()
            self._changed.notify_all()

    def _forget(self) -> None:
        """Drop ended transactions that no running one overlaps with; only SERIALIZABLE ever looks at them."""
        running = [t for t in self._transactions if t.committed is None]
        oldest = min((self._commits if t.snapshot is None else t.snapshot for t in running), default=self._commits)
        ended = [t for t in self._transactions if t.committed is not None and (t.reads or t.writes)]
        self._transactions = running
        if self.level == SERIALIZABLE:
            self._transactions += [t for t in ended if t.committed is not None and t.committed > oldest]

    def check(self, transaction: Transaction) -> None:
        """Raise RedshiftError 1023 when the transaction now is part of a cycle of dependencies."""
        if self.level != SERIALIZABLE:
            return
        with self._changed:
            cycle = self._cycle(transaction)
        if cycle:
            table = next(iter(cycle[0].reads & cycle[1].writes or cycle[0].writes & cycle[1].writes or {0}))
            members = ", ".join(str(member.id) for member in cycle)
            raise RedshiftError(
                "XX000",
                "1023",
                f"Serializable isolation violation on table - {table}, transactions forming the cycle are: {members}"
                f" (pid:{transaction.process_id})",
            )

    def _refuse_deadlock(self, transaction: Transaction, table: int) -> None:
        holder = self._holders.get(table)
        while holder is not None and holder in self._waiting:
            holder = self._holders.get(self._waiting[holder])
            if holder is transaction:
                raise RedshiftError("40P01", "deadlock detected")

    def _cycle(self, start: Transaction) -> list[Transaction]:
        """A shortest path of dependencies from `start` back to it, [] when there is none."""
        paths, seen = [[start]], {start}
        while paths:
            path = paths.pop(0)
            for following in self._transactions:
                if not _precedes(path[-1], following):
                    continue
                if following is start and len(path) > 1:
                    return path
                if following not in seen:
                    seen.add(following)
                    paths.append([*path, following])
        return []


def _precedes(one: Transaction, other: Transaction) -> bool:
    """Whether `one` must come before `other` in any serial order: read-write, write-write or write-read."""
    if one is other:
        return False
    if one.reads & other.writes and not _sees(one, other):
        return True
    if one.committed is None:
        return False
    later = other.committed is None or other.committed > one.committed
    return bool(one.writes & other.writes and later) or bool(one.writes & other.reads and _sees(other, one))


def _sees(one: Transaction, other: Transaction) -> bool:
    """Whether what `other` wrote is in the snapshot of `one`."""
    return other.committed is not None and one.snapshot is not None and other.committed <= one.snapshot
