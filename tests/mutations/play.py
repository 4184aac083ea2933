"""Play one mutation: from the state before the day, by the product's steps, to a verdict."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from landfall.publish.groups import LAKE, TABLES, WAREHOUSE

from tests.mutations.events import Body, DataMutation, Day, largest_merchant
from tests.mutations.graph import Graph
from tests.mutations.models import ModelMutation, changed
from tests.mutations.stage import Arrival, Said, Stage
from tests.mutations.states import Pointers, Warehouse, lake_content, put_back

KEPT_BEFORE = "mutations_before"
KEPT_AFTER = "mutations_after"

_LOUDNESS = ("stop", "hold", "warn")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation: `caught` by somebody, `harmless` as readers see the same, or `silent`."""

    verdict: str
    by: str = ""
    severity: str = ""
    words: str = ""


@dataclass(frozen=True)
class Ordinary:
    """An ordinary day: what each stream sent on it and on the day before, and what it left behind."""

    day: Mapping[str, Day]
    day_before: Mapping[str, Day]
    before: Pointers
    after: Pointers
    reports: Mapping[str, Mapping[str, Any]]
    said: frozenset[Said]
    content: Mapping[str, str]
    warehouse_content: Mapping[str, str]
    version: int
    version_after: int


class Player:
    """Plays mutations on one stage."""

    def __init__(self, *, stage: Stage, ordinary: Ordinary, lake: Graph, warehouse: Graph) -> None:
        self._stage = stage
        self._ordinary = ordinary
        self._graphs = {LAKE: lake, WAREHOUSE: warehouse}
        self._warehouse = Warehouse()

    def data(self, mutation: DataMutation, chance: Random) -> Verdict:
        """Let the mutated day of one stream land beside the ordinary days of the others."""
        stream, graph = mutation.stream, self._graphs[LAKE]
        tables = graph.below_stream(stream)
        put_back(self._ordinary.after, self._ordinary.after)
        put_back(self._ordinary.before, [f"raw.{stream}", f"quarantine.{stream}", *tables])
        arrivals, changed = mutated(mutation, self._ordinary, chance)
        keys = self._stage.land(stream, arrivals)
        report = self._stage.load(stream)
        self._stage.unland(keys)
        if found := self._quarantined(stream, report, changed):
            return found
        if found := self._loudest(self._stage.audit_raw(stream)):
            return found
        first = graph.next_to_stream(stream)
        if found := self._built(LAKE, graph.names(first), first, quick=True):
            return found
        return self._built(LAKE, [f"source:raw.{stream}+"], tables) or self._compared(LAKE, tables)

    def model(self, mutation: ModelMutation) -> Verdict:
        """Let dbt take in the ordinary day by a mutated model."""
        group = WAREHOUSE if mutation.path.startswith("models/warehouse/") else LAKE
        graph = self._graphs[group]
        tables, first = graph.below_model(mutation.path), graph.next_to_model(mutation.path)
        self._put_back(group, tables)
        name = graph.name(mutation.path)
        with self._mutated(group, mutation):
            if found := self._built(group, [name, *graph.names(first)], first, quick=True):
                return found
            if found := self._built(group, [f"{name}+"], tables):
                return found
            compared = self._compared(group, tables)
            if compared.verdict == "harmless":
                return compared
            return self._loudest(self._stage.build(group, name, unit_tests=True)) or compared

    def _put_back(self, group: str, tables: Sequence[str]) -> None:
        if group == WAREHOUSE:
            self._warehouse.put_back(KEPT_AFTER, TABLES[WAREHOUSE])
            self._warehouse.put_back(KEPT_BEFORE, tables)
        else:
            put_back(self._ordinary.after, self._ordinary.after)
            put_back(self._ordinary.before, tables)

    @contextmanager
    def _mutated(self, group: str, mutation: ModelMutation) -> Iterator[None]:
        """Change the model's file for a while; a view is made anew afterwards, since no state of tables has it."""
        try:
            with changed(self._stage.project, mutation):
                yield
        finally:
            graph = self._graphs[group]
            if graph.is_view(mutation.path) and (said := self._stage.make_view(group, graph.name(mutation.path))):
                raise RuntimeError(f"the view of {mutation.path} is left changed: {said}")

    def _built(
        self, group: str, selection: Sequence[str], tables: Sequence[str], *, quick: bool = False
    ) -> Verdict | None:
        """Build and audit; with `quick` only the first tables, by which most is caught."""
        options = ("--indirect-selection", "cautious") if quick else ()
        if found := self._loudest(self._stage.build(group, *selection, options=options)):
            return found
        version = self._ordinary.version if group == LAKE else self._ordinary.version_after
        return self._loudest(self._stage.audit(group, tables, version=version))

    def _quarantined(self, stream: str, report: Mapping[str, Any], changed: int) -> Verdict | None:
        """Tell whether the load said of every changed record that it is broken, or told people of the batch."""
        usual = self._ordinary.reports[stream]
        more = Counter(report["quarantined"]) - Counter(usual["quarantined"])
        if changed and more.total() >= changed:
            reason, records = more.most_common(1)[0]
            return Verdict("caught", "quarantine", "stop", f"{reason}: {records} of {changed} changed records")
        if report["over_limit"] and not usual["over_limit"]:
            return Verdict(
                "caught", "quarantine limit", "warn", f"people are told: {more.total()} records more than usual"
            )
        return None

    def _loudest(self, said: Sequence[Said]) -> Verdict | None:
        """Return the loudest of what is not said on an ordinary day."""
        new = sorted(set(said) - self._ordinary.said, key=lambda each: (_LOUDNESS.index(each.severity), each))
        if not new:
            return None
        more = f" (and {len(new) - 1} more)" if len(new) > 1 else ""
        return Verdict("caught", new[0].by, new[0].severity, new[0].words + more)

    def _compared(self, group: str, tables: Sequence[str]) -> Verdict:
        """Tell whether readers would see anything else than after the ordinary day."""
        if group == WAREHOUSE:
            usual, found = self._ordinary.warehouse_content, self._warehouse.content(tables)
        else:
            usual, found = self._ordinary.content, lake_content(tables)
        other = [table for table in tables if found[table] != usual[table]]
        return Verdict("silent", words=f"{', '.join(other)} differ") if other else Verdict("harmless")


def mutated(mutation: DataMutation, ordinary: Ordinary, chance: Random) -> tuple[list[Arrival], int]:
    """Return the mutated day as it lands and how many of its records hold a changed event."""
    day = ordinary.day[mutation.stream]
    if mutation.of_day is not None:
        rows = mutation.of_day(day, ordinary.day_before[mutation.stream], chance)
        return [Arrival(at, text or _text(events)) for at, events, text in rows], 0
    arrivals, changed, largest = [], 0, largest_merchant(day)
    for sent in day:
        events = [_of_body(mutation, body, chance, largest) for body in sent.events]
        differing = sum(new != old for new, old in zip(events, sent.events, strict=True))
        changed += differing
        arrivals.append(Arrival(sent.at, _text(events) if differing else sent.text))
    return arrivals, changed


def _of_body(mutation: DataMutation, body: Body, chance: Random, largest: str) -> Body:
    if mutation.of_body is None or (mutation.merchant and body["customer_id"] != largest):
        return body
    return mutation.of_body(body, chance)


def _text(events: Sequence[Body]) -> str:
    return "".join(json.dumps(body, ensure_ascii=False) for body in events)
