"""Write the generated pages of docs/reference/: `dags.md` from the DAGs' docstrings, `contracts.md` from contracts/,
`extract-api.md` from its OpenAPI document, `gates.md` from expectations/, `mutations.md` from the results that
`make mutations` wrote.

DAG files are read as text (ast), so neither Airflow nor a database is needed. With `--check` nothing is written, and
the exit status is 1 when a page is not what it would be.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from landfall.api.reference import api_page
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.contracts.model import Field, LimitAction, QuarantineLimit, StreamContract
from landfall.contracts.streams import load_stream_contracts
from landfall.quality.mutations_page import mutations_page
from landfall.quality.reference import gates_page

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY / "docs" / "reference"
NOTE = "<!-- Written by `make docs`; change its source instead. -->"


def pages(repository: Path = REPOSITORY) -> dict[str, str]:
    """Return the text of each generated page by its file name."""
    contracts = load_stream_contracts(repository / "contracts" / "streams")
    products = load_products(repository / "contracts" / "extracts")
    return {
        "dags.md": _dags_page(sorted((repository / "dags").glob("*.py"))),
        "contracts.md": _contracts_page(contracts, list(products.values())),
        "extract-api.md": f"{NOTE}\n\n{api_page()}",
        "gates.md": f"{NOTE}\n\n{gates_page()}",
        "mutations.md": f"{NOTE}\n\n{mutations_page()}",
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or with `--check` name those that are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    args = parser.parse_args(argv)
    stale = [name for name, text in pages().items() if _differs(REFERENCE / name, text)]
    if args.check:
        sys.stdout.writelines(f"docs/reference/{name} is stale: run `make docs`\n" for name in stale)
        return 1 if stale else 0
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(stale)} of {len(pages())} pages changed\n")
    return 0


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


def _dags_page(files: Sequence[Path]) -> str:
    return "\n".join([NOTE, "", "# DAGs", "", *(line for file in files for line in _dag_lines(file))])


def _dag_lines(file: Path) -> Iterator[str]:
    """Yield a file's section: when its DAG runs, and its runbook with all headings on the third level."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    yield f"## {file.stem}"
    yield ""
    for schedule in _schedules(tree):
        yield f"Schedule: `{schedule}`"
        yield ""
    for line in (ast.get_docstring(tree) or "").splitlines():
        heading = line.lstrip("#").strip()
        if not line.startswith("#"):
            yield line
        elif heading != file.stem:
            yield f"### {heading}"
    yield ""


def _schedules(tree: ast.Module) -> Iterator[str]:
    """Yield the `schedule` of every call of `dag(...)` or `DAG(...)`, as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".")[-1] in ("dag", "DAG"):
            yield from (ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "schedule")


def _contracts_page(contracts: Sequence[StreamContract], products: Sequence[ExtractProduct]) -> str:
    lines = [NOTE, "", "# Contracts", ""]
    for contract in contracts:
        lines += _stream_lines(contract)
    for product in products:
        lines += _product_lines(product)
    return "\n".join(lines)


def _stream_lines(contract: StreamContract) -> Iterator[str]:
    yield from (f"## Stream `{contract.stream}`, version {contract.version}", "", contract.description, "")
    freshness = f"Fresh within {contract.freshness_minutes} minutes."
    yield f"Key: {_code(contract.key)}. Time: `{contract.time_field}`. {freshness}"
    if contract.kafka_topic:
        yield f"Landed by the S3 sink of Kafka Connect, from the topic `{contract.kafka_topic}`."
    if contract.quarantine_limit:
        yield _limit(contract.quarantine_limit)
    yield from ("", "| field | type | required | allowed | class | meaning |", "| --- | --- | --- | --- | --- | --- |")
    for field in contract.fields:
        cells = (
            f"`{field.name}`",
            str(field.type),
            "yes" if field.required else "no",
            _allowed(field),
            field.classification,
            field.description,
        )
        yield _row(cells)
    yield ""


def _limit(limit: QuarantineLimit) -> str:
    """Return what a load does when more of a batch breaks the contract than it may."""
    parts = [f"{limit.share:.2%}" if limit.share is not None else "", f"{limit.records or 0:,} records"]
    above = " and ".join(part for part in parts[: 1 if limit.records is None else 2] if part)
    does = "is not loaded" if limit.action is LimitAction.STOP else "is told to people"
    return f"A batch of which more than {above} would go to quarantine {does}."


def _fewer_in_workbooks(product: ExtractProduct) -> str:
    return f", {product.max_rows_xlsx:,} in `xlsx`" if product.max_rows_xlsx else ""


_WHEN_GATE_FAILS = {"serve_last_good": "cut from the last version that did, which is said", "refuse": "refused"}


def _product_lines(product: ExtractProduct) -> Iterator[str]:
    yield from (f"## Extract product `{product.product}`, version {product.version}", "", product.description, "")
    yield (
        f"Formats: {_code(product.formats)}. At most {product.max_rows:,} rows{_fewer_in_workbooks(product)}. "
        f"Kept for {product.expires_after_days} days. In the order of {_code(product.order_by)}. While the newest data "
        f"did not pass their gate: {_WHEN_GATE_FAILS[product.when_gate_fails]}."
    )
    yield from ("", "| filter | type | condition | meaning |", "| --- | --- | --- | --- |")
    for each in product.filters:
        kind = _code(each.values) if each.values else each.type
        yield _row((f"`{each.name}`", kind, f"`{each.column} {each.operator}`", each.description))
    yield from ("", "| column | type | personal data | meaning |", "| --- | --- | --- | --- |")
    for column in product.columns:
        personal = column.pii if column.mask is None else f"{column.pii}; masked: {column.mask}"
        yield _row((f"`{column.name}`", column.type, personal, column.description))
    yield ""


def _allowed(field: Field) -> str:
    """Return what a field's value is held to, in a few words."""
    rules = [_code(field.allowed)] if field.allowed else []
    if field.pattern:
        rules.append(f"`{field.pattern}`")
    for bound, unit in ((field.minimum, ">="), (field.maximum, "<=")):
        if bound is not None:
            rules.append(f"{unit} {bound}")
    if field.min_length is not None or field.max_length is not None:
        longest = "" if field.max_length is None else field.max_length
        rules.append(f"{field.min_length or 0} to {longest} characters")
    return ", ".join(rules)


def _code(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
