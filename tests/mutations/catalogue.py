"""The numbered list of all mutations, the same for the same seed and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from tests.mutations.events import Body, DataMutation, Day, data_mutations
from tests.mutations.models import ModelMutation, manifest_mutations, text_mutations
from tests.mutations.states import STREAMS


@dataclass(frozen=True)
class Mutation:
    """A mutation with its place in the list; `of` is the stream or the model's file."""

    number: int
    of: str
    name: str
    data: DataMutation | None = None
    model: ModelMutation | None = None


def catalogue(manifests: Iterable[Mapping[str, Any]], *, seed: int) -> list[Mutation]:
    """Return all mutations: of data, of models' text, of models' results."""
    return [Mutation(number=number, **found) for number, found in enumerate(_found(manifests, seed))]


def _found(manifests: Iterable[Mapping[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    for data in data_mutations():
        yield {"of": f"stream {data.stream}", "name": f"{data.stream}: {data.name}", "data": data}
    models: list[ModelMutation] = [*text_mutations()]
    for manifest in manifests:
        models += manifest_mutations(manifest, seed)
    for model in models:
        of = model.path.removeprefix("models/").removesuffix(".sql")
        yield {"of": of, "name": f"{of}: {model.name}", "model": model}


def controls() -> list[Mutation]:
    """Return changes that change nothing, of every stream and of a model of each engine: nobody may say anything."""
    unchanged = [DataMutation(stream=stream, name="unchanged", of_day=_as_it_was) for stream in STREAMS]
    models = [
        ModelMutation(path=f"models/{of}.sql", name="unchanged", new="{model}")
        for of in ("marts/fct_orders", "warehouse/dwh_fct_orders")
    ]
    return [
        *(Mutation(-1, f"stream {data.stream}", f"{data.stream}: unchanged", data=data) for data in unchanged),
        *(Mutation(-1, model.path, f"{model.path}: unchanged", model=model) for model in models),
    ]


def _as_it_was(day: Day, _before: Day, _chance: Random) -> list[tuple[datetime, list[Body], str]]:
    return [(sent.at, list(sent.events), sent.text) for sent in day]
