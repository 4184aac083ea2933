"""What a caller of replay_quarantine asks for, checked at the door."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from landfall.contracts import StreamContract, load_stream_contract
from landfall.contracts.reading import Place
from landfall.contracts.streams import STREAM_NAME
from landfall.errors import RequestError
from landfall.ingest.checks import REASONS
from landfall.ingest.corrections import Correction, load_correction, parse_correction
from landfall.ingest.replay_statements import Selection


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """An admitted request, pinned: the contract's version and the correction are those of the time it was made."""

    contract: StreamContract
    reasons: tuple[str, ...]
    first: date
    last: date
    before: datetime
    correction: Correction | None

    @property
    def fingerprint(self) -> str:
        """The same for requests that make the same of a record."""
        how = [self.contract.version, self.correction.document if self.correction else None]
        return hashlib.sha256(json.dumps(how, sort_keys=True, default=str).encode()).hexdigest()

    def selection(self, *, excluded: tuple[str, ...] = ()) -> Selection:
        """Return which quarantined records are meant."""
        return Selection(first=self.first, last=self.last, reasons=self.reasons, before=self.before, excluded=excluded)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values, for XCom."""
        return {
            "stream": self.contract.stream,
            "contract_version": self.contract.version,
            "reasons": list(self.reasons),
            "from_date": self.first.isoformat(),
            "to_date": self.last.isoformat(),
            "before": self.before.isoformat(),
            "correction": self.correction.name if self.correction else None,
            "correction_document": self.correction.document if self.correction else None,
        }


def admit(params: Mapping[str, Any], *, now: datetime, contracts: Path, corrections: Path) -> ReplayRequest:
    """Return the request that the form's `params` are, with the correction they name read from its file.

    `now` (UTC) bounds what is selected. Raises RequestError that names the field and what would be right, ContractError
    for a correction file that is not understood.
    """
    name = params.get("correction")
    correction = load_correction(corrections, name) if name else None
    return _request(params, before=now, contracts=contracts, correction=correction)


def admitted(values: Mapping[str, Any], *, contracts: Path) -> ReplayRequest:
    """Return the request that `to_json` wrote. Raises RequestError if another version of the contract is in force."""
    name, document = values["correction"], values["correction_document"]
    correction = parse_correction(name, Place(Path(f"{name}.yaml"), "", document)) if name else None
    before = datetime.fromisoformat(values["before"])
    return _request(values, before=before, contracts=contracts, correction=correction)


def _request(
    values: Mapping[str, Any], *, before: datetime, contracts: Path, correction: Correction | None
) -> ReplayRequest:
    contract = contract_of(values.get("stream"), contracts)
    wanted = values.get("contract_version")
    if wanted and wanted != contract.version:
        raise RequestError(
            f"contract_version {wanted!r}: {contract.version} is in force; deploy the version that lets the records "
            "through, or ask for that one"
        )
    if correction and correction.stream != contract.stream:
        raise RequestError(f"correction {correction.name!r} is one of {correction.stream}, not of {contract.stream}")
    reasons = tuple(values.get("reasons") or ())
    unknown = [reason for reason in reasons if reason not in REASONS]
    if unknown:
        raise RequestError(f"reasons {unknown!r}: choose of {', '.join(REASONS)}")
    first, last = days_asked_for(values)
    return ReplayRequest(
        contract=contract, reasons=reasons, first=first, last=last, before=before, correction=correction
    )


def days_asked_for(values: Mapping[str, Any]) -> tuple[date, date]:
    """Return the first and the last day of a request. Raises RequestError."""
    first, last = _day(values, "from_date"), _day(values, "to_date")
    if last < first:
        raise RequestError(f"to_date {last} is before from_date {first}")
    return first, last


def contract_of(stream: Any, contracts: Path) -> StreamContract:
    """Return the contract of the stream asked for. Raises RequestError that names those there are."""
    path = contracts / f"{stream}.yaml"
    if not isinstance(stream, str) or not STREAM_NAME.fullmatch(stream) or not path.is_file():
        there = ", ".join(sorted(found.stem for found in contracts.glob("*.yaml")))
        raise RequestError(f"stream {stream!r}: there is none of that name; choose of {there}")
    return load_stream_contract(path)


def _day(values: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(values.get(name)))
    except ValueError as error:
        raise RequestError(f"{name} {values.get(name)!r}: write a day as YYYY-MM-DD") from error
