"""The page docs/reference/local-cloud.md: what is supported, what is refused, and each known deviation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from localcloud.athena import deviations as athena_deviations
from localcloud.athena.run.engine import STATEMENTS as ATHENA_STATEMENTS
from localcloud.athena.sql.functions import FUNCTIONS as ATHENA_FUNCTIONS
from localcloud.aws import deviations as aws_deviations
from localcloud.deviation import Deviation
from localcloud.redshift import deviations as redshift_deviations
from localcloud.redshift.engine.handlers import STATEMENTS as REDSHIFT_STATEMENTS
from localcloud.redshift.sql.functions import FUNCTIONS as REDSHIFT_FUNCTIONS
from localcloud.reference.operations import operations
from localcloud.reference.refusals import refusals

_PACKAGE = Path(__file__).resolve().parents[1]
_HEAD = """\
<!-- Written by `make docs` from the code of localcloud/; change that instead. -->

# What the local cloud does, refuses and does otherwise

The law of the local cloud: it is never silently wrong. What an engine cannot do as the service does, it refuses with
the service's own kind of error and the words "not supported by the local cloud". What it does and is known to do
otherwise stands below as a deviation. In what is refused, `…` stands for a name or a value. The emulated AWS beside the
two engines has [a page of its own](local-cloud-aws.md).
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *_athena(), *_redshift(), *_deviations("The emulated AWS", aws_deviations.DEVIATIONS)])


def _athena() -> Iterator[str]:
    folder = _PACKAGE / "athena"
    yield "## Athena\n"
    yield from _operations("Operations", "athena", sorted(folder.glob("*.py")))
    yield from _words("Statements", (name.replace("_", " ") for name in ATHENA_STATEMENTS))
    yield from _words("Functions", ATHENA_FUNCTIONS)
    yield from _refused((folder, _PACKAGE / "lake"))
    yield from _deviations("Athena", athena_deviations.DEVIATIONS)


def _redshift() -> Iterator[str]:
    folder = _PACKAGE / "redshift"
    modules = sorted((folder / "api").glob("*.py"))
    yield "## Redshift Serverless\n"
    yield from _operations("Operations of the Data API", "redshift-data", modules)
    yield from _operations("Operations of Redshift Serverless", "redshift-serverless", modules)
    yield from _words("Statements", REDSHIFT_STATEMENTS)
    yield from _words("Functions", REDSHIFT_FUNCTIONS)
    yield from _refused((folder,))
    yield from _deviations("Redshift", redshift_deviations.DEVIATIONS)


def _operations(title: str, service: str, modules: Sequence[Path]) -> Iterator[str]:
    answered, refused = operations(service, modules)
    yield from _words(title, answered)
    yield f"Refused: {_listed(refused)}\n"


def _words(title: str, words: Iterable[str]) -> Iterator[str]:
    found = sorted(set(words))
    yield f"### {title} ({len(found)})\n\n{_listed(found)}\n"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _refused(folders: Sequence[Path]) -> Iterator[str]:
    found = sorted({text for folder in folders for text in refusals(folder)}, key=str.lower)
    yield f"### Refused ({len(found)})\n"
    yield from (f"- {text}" for text in found)
    yield ""


def _deviations(engine: str, found: Sequence[Deviation]) -> Iterator[str]:
    yield f"### Known deviations of {engine[:1].lower() if engine.startswith('The ') else engine[:1]}{engine[1:]}\n"
    yield "| what | here | in the service |\n| --- | --- | --- |"
    yield from (f"| {_cell(each.subject)} | {_cell(each.here)} | {_cell(each.service)} |" for each in found)
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
