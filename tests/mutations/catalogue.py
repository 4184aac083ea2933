"""The numbered list of all mutations, the same for the same seed and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.mutations.events import DataMutation, data_mutations
from tests.mutations.models import ModelMutation, manifest_mutations, text_mutations


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
