"""Mutations of the SQL of models: what the whole model returns is changed, or a piece of its text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

_TEXTS = Path(__file__).with_suffix(".toml")
_COLUMNS_A_MODEL = 2

PUBLISHED_FOLDERS = ("marts", "extracts", "warehouse")


@dataclass(frozen=True)
class Model:
    """A published model as dbt knows it: its file below the project, its table, its columns with their types."""

    name: str
    path: str
    table: str
    columns: Mapping[str, str]
    in_redshift: bool


@dataclass(frozen=True)
class ModelMutation:
    """A change of a model's file: `old`, which stands there once, becomes `new`; or the whole is wrapped.

    In a wrapping `new`, `{model}` stands for the model's text.
    """

    path: str
    name: str
    new: str
    old: str | None = None

    def applied(self, text: str) -> str:
        """Return the changed text of the model; LookupError if the text is not what the mutation was made for."""
        if self.old is None:
            return self.new.replace("{model}", text)
        if text.count(self.old) != 1:
            raise LookupError(f"{self.path}: {self.old!r} is there {text.count(self.old)} times, wanted is 1")
        return text.replace(self.old, self.new)


@contextmanager
def changed(project: Path, mutation: ModelMutation) -> Iterator[None]:
    """Let the model's file below the dbt project's copy at `project` be as the mutation has it, for a while."""
    path = project / mutation.path
    text = path.read_text(encoding="utf-8")
    path.write_text(mutation.applied(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def published_models(manifest: Mapping[str, Any]) -> list[Model]:
    """Return the published models of a manifest, by name."""
    found = [
        Model(
            name=node["name"],
            path=node["original_file_path"],
            table=f"{node['schema']}.{node['alias']}",
            columns={name: str(column["data_type"]) for name, column in node["columns"].items()},
            in_redshift=node["schema"] == "warehouse",
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_FOLDERS
    ]
    return sorted(found, key=lambda model: model.table)


def text_mutations() -> Iterator[ModelMutation]:
    """Yield the changes of a piece of a model's text."""
    for entry in tomllib.loads(_TEXTS.read_text(encoding="utf-8"))["mutation"]:
        yield ModelMutation(path=f"models/{entry['model']}.sql", name=entry["what"], old=entry["old"], new=entry["new"])


def result_mutations(model: Model, seed: int) -> Iterator[ModelMutation]:
    """Yield changes of what `model` returns: of its rows, and of columns that the seed chooses."""
    chance = Random(f"{seed}/{model.name}")
    every = ", ".join(f"original.{name}" for name in model.columns)
    yield _wrapped(model, "joined twice", every, "cross join (select 1 as n union all select 2 as n) as twice")
    rows = list(_of_rows(model))
    if rows:
        name, condition = chance.choice(rows)
        yield _wrapped(model, name, every, f"where {condition}")
    columns = [(name, *change) for name, kind in model.columns.items() for change in _of_column(model, name, kind)]
    for column, name, expression in sorted(chance.sample(columns, min(_COLUMNS_A_MODEL, len(columns)))):
        changed = every.replace(f"original.{column},", f"{expression} as {column},", 1)
        if changed == every:
            changed = every.removesuffix(f"original.{column}") + f"{expression} as {column}"
        yield _wrapped(model, f"{column} {name}", changed, "")


def _wrapped(model: Model, name: str, columns: str, rest: str) -> ModelMutation:
    return ModelMutation(path=model.path, name=name, new=f"select {columns} from (\n{{model}}\n) as original\n{rest}\n")


def _of_rows(model: Model) -> Iterator[tuple[str, str]]:
    if "customer_id" in model.columns:
        yield "one merchant's rows dropped", "original.customer_id is null or original.customer_id <> 'cus_000001'"
    key = next(iter(model.columns))
    if key.endswith("_id"):
        yield "rows dropped by the last digit of their key", f"original.{key} not like '%7'"
    for money in (name for name in model.columns if name.endswith("_cents")):
        yield f"rows without {money} dropped", f"original.{money} <> 0"
        break


def _of_column(model: Model, name: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield what may happen to a column, by what its name and type say that it is, as an expression."""
    column = f"original.{name}"
    if name.startswith("_"):
        return
    if name.endswith("_cents"):
        yield "in units instead of cents", f"{column} / 100"
        yield "with the sign flipped", f"-{column}"
        yield "a cent more", f"{column} + 1"
        for other in (each for each in model.columns if each.endswith("_cents") and each != name):
            yield f"taken from {other}", f"original.{other}"
            break
    elif kind.startswith("timestamp"):
        yield "an hour ahead", f"dateadd(hour, 1, {column})" if model.in_redshift else f"{column} + interval '1' hour"
    elif kind == "date":
        yield (
            "a day ahead",
            (f"cast(dateadd(day, 1, {column}) as date)" if model.in_redshift else f"{column} + interval '1' day"),
        )
    elif name == "currency":
        yield "all dollars", "cast('USD' as varchar(3))" if model.in_redshift else "cast('USD' as varchar)"
    elif kind == "boolean":
        yield "negated", f"not {column}"
    elif kind in ("bigint", "integer", "int"):
        yield "plus one", f"{column} + 1"
    elif kind.startswith(("varchar", "string", "character")):
        yield "of one for all", f"max({column}) over ()"
        yield "in upper case", f"upper({column})"


def manifest_mutations(manifest: Mapping[str, Any], seed: int) -> Iterator[ModelMutation]:
    """Yield the changes of what each published model returns."""
    for model in published_models(manifest):
        yield from result_mutations(model, seed)
