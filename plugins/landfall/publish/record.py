"""What a publication, its candidate and an attempt at it are; pure values and their DynamoDB items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

AttemptState = Literal["running", "held", "published", "failed"]
"""`held`: a human is asked whether the candidate may be published."""

CURRENT = "current"
"""Sort key of the item that says which version readers see."""


@dataclass(frozen=True, kw_only=True)
class PublishedDataset:
    """One table as it stood at one moment.

    `table` is `database.name`. The two Iceberg fields are None for a table of Redshift, which has no snapshots: there
    `builds` tells by which runs of dbt its rows came since the version before.
    """

    table: str
    snapshot_id: int | None = None
    metadata_location: str | None = None
    builds: tuple[str, ...] = ()

    def same_content(self, other: PublishedDataset) -> bool:
        """Tell whether both are the same Iceberg snapshot, or of the same builds; never true without either."""
        if self.snapshot_id is None:
            return bool(self.builds) and self.builds == other.builds
        return self.snapshot_id == other.snapshot_id

    def to_item(self) -> dict[str, Any]:
        """Return plain values for DynamoDB or an XCom."""
        return {**asdict(self), "builds": list(self.builds)}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> PublishedDataset:
        """Read what `to_item` made."""
        return cls(
            table=item["table"],
            snapshot_id=_optional_int(item.get("snapshot_id")),
            metadata_location=item.get("metadata_location"),
            builds=tuple(item.get("builds", ())),
        )


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The tables of a group frozen before their audit, with the version that was current then (0: none yet)."""

    group: str
    base_version: int
    datasets: Mapping[str, PublishedDataset]
    built_from: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values for an XCom."""
        return {**asdict(self), "datasets": {name: dataset.to_item() for name, dataset in self.datasets.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Candidate:
        """Read what `to_json` returned."""
        return cls(
            **{**value, "datasets": {name: PublishedDataset.from_item(i) for name, i in value["datasets"].items()}}
        )


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """Why a version has the content of an older one, and which versions it took from the readers.

    While `held`, nothing new is published: the tables that the next version would be taken from still hold what was
    withdrawn. Somebody releases the group when the cause is mended.
    """

    to_version: int
    withdrawn: tuple[int, ...]
    who: str
    why: str
    held: bool
    released_by: str = ""
    released_why: str = ""

    def to_item(self) -> dict[str, Any]:
        """Return plain values for DynamoDB."""
        return {**asdict(self), "withdrawn": list(self.withdrawn)}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Rollback:
        """Read what `to_item` made."""
        numbers = {"to_version": int(item["to_version"]), "withdrawn": tuple(int(each) for each in item["withdrawn"])}
        return cls(**{**item, **numbers})


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A whole version of a group of datasets, as readers see it.

    `gate` is the name and result of the audit that let it through; `contract_versions` maps a stream to its contract's
    version; `built_from` is the version of group `lake` that a warehouse publication was computed from; `rollback` is
    set on a version that somebody moved readers back by.
    """

    group: str
    version: int
    datasets: Mapping[str, PublishedDataset]
    gate: str
    contract_versions: Mapping[str, str]
    cause_run_id: str
    published_at: datetime
    built_from: int | None = None
    rollback: Rollback | None = None

    def same_content(self, datasets: Mapping[str, PublishedDataset]) -> bool:
        """Tell whether `datasets` are the same Iceberg snapshots of the same datasets as this version's."""
        return self.datasets.keys() == datasets.keys() and all(
            dataset.same_content(self.datasets[name]) for name, dataset in datasets.items()
        )

    def to_item(self, *, sort_key: str) -> dict[str, Any]:
        """Return the DynamoDB item (plain values) to store under `sort_key`."""
        return {
            "group": self.group,
            "version": sort_key,
            "number": self.version,
            "state": "published",
            "datasets": {name: dataset.to_item() for name, dataset in self.datasets.items()},
            "gate": self.gate,
            "contract_versions": dict(self.contract_versions),
            "cause_run_id": self.cause_run_id,
            "published_at": self.published_at.isoformat(),
            "built_from": self.built_from,
            "rollback": self.rollback.to_item() if self.rollback else None,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Publication:
        """Read an item that `to_item` made."""
        return cls(
            group=item["group"],
            version=int(item["number"]),
            datasets={name: PublishedDataset.from_item(value) for name, value in item["datasets"].items()},
            gate=item["gate"],
            contract_versions=dict(item["contract_versions"]),
            cause_run_id=item["cause_run_id"],
            published_at=datetime.fromisoformat(item["published_at"]),
            built_from=_optional_int(item.get("built_from")),
            rollback=Rollback.from_item(item["rollback"]) if item.get("rollback") else None,
        )


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How far the publication that `cause` (a run id) asked for has come; `detail` says why it failed or is held."""

    group: str
    cause: str
    state: AttemptState
    detail: str = ""
    version: int | None = None
    run_id: str = ""

    def to_item(self) -> dict[str, Any]:
        """Return the DynamoDB item (plain values) of this attempt."""
        values = asdict(self)
        number = values.pop("version")
        return {**values, "version": attempt_key(self.cause), "number": number}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Attempt:
        """Read an item that `to_item` made."""
        return cls(
            group=item["group"],
            cause=item["cause"],
            state=item["state"],
            detail=item["detail"],
            version=_optional_int(item.get("number")),
            run_id=item["run_id"],
        )


def version_key(version: int) -> str:
    """Sort key of a version: zero-padded, so that text order is number order and versions sort before words."""
    return f"{version:010d}"


def attempt_key(cause: str) -> str:
    """Sort key of the attempt that `cause` asked for."""
    return f"attempt#{cause}"


def versioned_table(dataset: str, version: int) -> str:
    """Name of the immutable table that pins `dataset` to `version`."""
    return f"published.{dataset}__v{version}"


def stable_table(dataset: str) -> str:
    """Name of the pointer that follows the current version of `dataset`."""
    return f"published.{dataset}"


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)
