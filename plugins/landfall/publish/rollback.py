"""Move readers back to an older version, by the same steps as forward: a rollback is a version of its own.

Its tables pin the older version's files, so numbers only grow, and no reader, publisher or extract has to know that
they were ever moved back.
"""

from __future__ import annotations

from dataclasses import replace

from landfall.errors import PublicationError, RequestError
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Candidate, Publication, Rollback


def roll_back(
    store: PublicationStore, group: str, *, to_version: int, who: str, why: str, held: bool = True, cause_run_id: str
) -> Publication:
    """Give readers of `group` the content of `to_version` again, and return the version that does.

    `held`: publish nothing more until `release`. Where readers have that content already, nothing changes. Raises
    RequestError for a group or a version that can't be rolled back to, or without a name and a reason; PublicationError
    if the version's files are gone, or if another publication came first.
    """
    _named(who, why)
    current, target = store.current(group), store.version(group, to_version)
    if target.built_from is not None:
        raise RequestError(
            f"group {group!r} lives in Redshift, whose tables keep no versions: roll back the lake, and "
            "transform_warehouse builds it anew from that"
        )
    if current is None or current.same_content(target.datasets):
        return store.recover(group) or target
    store.check_readable(target)
    return store.move(
        Candidate(group=group, base_version=current.version, datasets=target.datasets),
        gate=target.gate,
        contract_versions=target.contract_versions,
        cause_run_id=cause_run_id,
        rollback=Rollback(
            to_version=to_version,
            withdrawn=_withdrawn(store, target, current),
            who=who,
            why=why,
            held=held,
        ),
    )


def release(store: PublicationStore, group: str, *, who: str, why: str) -> Publication:
    """Let publications of `group` pass again that a rollback holds, and return the current version.

    Raises RequestError without a name and a reason, or if nothing is held; PublicationError if the version changed.
    """
    _named(who, why)
    current = store.current(group)
    if current is None or current.rollback is None or not current.rollback.held:
        raise RequestError(f"group {group!r} is not held: its current version is no rollback, or was released before")
    released = replace(current, rollback=replace(current.rollback, held=False, released_by=who, released_why=why))
    if not store.amend(released):
        raise PublicationError(f"group {group!r} is no longer at version {current.version}: look at what is current")
    return released


def must_build_anew(store: PublicationStore, *, lake_version: int) -> bool:
    """Tell whether the warehouse may hold rows of a lake version that was withdrawn before `lake_version`.

    Its models add what is new to their own rows, so only building them anew takes such rows out. That holds until a
    warehouse was published that was built from a lake version after the rollback.
    """
    warehouse = store.current("warehouse")
    built_from = (warehouse.built_from if warehouse else None) or 0
    return any(found.rollback for found in store.versions("lake", after=built_from, before=lake_version + 1))


def _withdrawn(store: PublicationStore, target: Publication, current: Publication) -> tuple[int, ...]:
    """Return the versions whose content readers lose: all since `target` that differ from it."""
    since = store.versions(target.group, after=target.version, before=current.version + 1)
    return tuple(found.version for found in since if not found.same_content(target.datasets))


def _named(who: str, why: str) -> None:
    for name, value in (("who", who), ("why", why)):
        if not value.strip():
            raise RequestError(f"{name}: {value!r} says nothing; a rollback is recorded with a name and a reason")
