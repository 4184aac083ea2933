"""CREATE TABLE taken apart: columns, keys, encodings, constraints and the query behind AS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.tokens import Token

from localcloud.redshift.engine.catalog import CatalogColumn
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import types
from localcloud.redshift.sql.statement import Statement, parse
from localcloud.redshift.sql.translate import bind, fold_names, to_duckdb

_DISTSTYLES = {"key": "KEY", "even": "EVEN", "all": "ALL", "auto": "AUTO(ALL)"}
_NOW = {"getdate", "sysdate", "current_timestamp"}


@dataclass(frozen=True)
class Constraint:
    """PRIMARY KEY (p), UNIQUE (u) or FOREIGN KEY (f): kept for information, as in Redshift never enforced."""

    kind: str
    columns: tuple[str, ...]
    definition: str
    name: str = ""


@dataclass
class TableDeclaration:
    """What a CREATE TABLE says; `defaults` are DuckDB expressions by column."""

    name: tuple[str, ...]
    temporary: bool = False
    if_not_exists: bool = False
    columns: list[CatalogColumn] = field(default_factory=list)
    storage: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    identities: dict[str, tuple[int, int]] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    column_names: list[str] = field(default_factory=list)
    distkey: str = ""
    sortkeys: list[str] = field(default_factory=list)
    interleaved: bool = False
    diststyle: str = "AUTO(ALL)"
    query: exp.Expr | None = None
    like: exp.Table | None = None

    def sort_place(self, column: str) -> int:
        """1-based place in the sort key (negative and alternating when interleaved), 0 outside."""
        if column not in self.sortkeys:
            return 0
        place = self.sortkeys.index(column) + 1
        return -place if self.interleaved and place % 2 == 0 else place

    def duckdb_type(self, column: CatalogColumn) -> str:
        return (
            self.storage.get(column.name)
            or types.of_declaration(exp.DataType.build(column.type_name, dialect="redshift")).duckdb
        )


def declaration(statement: Statement, parameters: Sequence[exp.Expr]) -> TableDeclaration:
    """Read a CREATE TABLE; raises RedshiftError for a clause that is unknown or not supported."""
    text, keys = _without_column_keys(statement)
    tree = fold_names(bind(parse(text), parameters))
    if not isinstance(tree, exp.Create):
        raise RedshiftError("42601", "syntax error in CREATE TABLE")
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    declared = TableDeclaration(
        name=tuple(part.name for part in table.parts),
        if_not_exists=bool(tree.args.get("exists")),
        temporary=table.name.startswith("#"),
        query=tree.expression,
    )
    declared.interleaved = "INTERLEAVED" in [token.text.upper() for token in statement.tokens]
    _properties(tree, declared)
    for element in tree.this.expressions if isinstance(tree.this, exp.Schema) else []:
        _element(element, declared)
    for column, key in keys:
        if key == "DISTKEY":
            declared.distkey, declared.diststyle = column, "KEY"
        else:
            declared.sortkeys.append(column)
    _check_keys(declared)
    return declared


def column_declaration(text: str) -> TableDeclaration:
    """One column's declaration, as ALTER TABLE ADD COLUMN writes it."""
    from localcloud.redshift.sql.statement import split

    return declaration(split(f"create table t ({text})")[0], [])


def _without_column_keys(statement: Statement) -> tuple[str, list[tuple[str, str]]]:
    """The statement without INTERLEAVED and the keys written behind columns, and (column, keyword) for each key."""
    tokens, depth, column, found = statement.tokens, 0, "", []
    cuts: list[Token] = []
    for index, token in enumerate(tokens):
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        if depth == 1 and tokens[index - 1].text in ("(", ","):
            column = token.text.lower()
        elif depth == 1 and token.text.upper() in ("DISTKEY", "SORTKEY") and following != "(":
            found.append((column, token.text.upper()))
            cuts.append(token)
        elif depth == 0 and token.text.upper() == "INTERLEAVED":
            cuts.append(token)
    text = statement.text
    for token in reversed(cuts):
        text = text[: token.start] + " " * len(token.text) + text[token.end + 1 :]
    return text, found


def _diststyle(name: str) -> str:
    if name.lower() not in _DISTSTYLES:
        raise RedshiftError("42601", f'syntax error at or near "{name}"')
    return _DISTSTYLES[name.lower()]


def _properties(tree: exp.Create, declared: TableDeclaration) -> None:
    for item in tree.args["properties"].expressions if tree.args.get("properties") else []:
        if isinstance(item, exp.TemporaryProperty):
            declared.temporary = True
        elif isinstance(item, exp.DistStyleProperty):
            declared.diststyle = _diststyle(item.this.name)
        elif isinstance(item, exp.DistKeyProperty):
            declared.distkey, declared.diststyle = item.this.name.lower(), "KEY"
        elif isinstance(item, exp.SortKeyProperty):
            keys = item.this if isinstance(item.this, list) else item.this.expressions
            declared.sortkeys += [key.name.lower() for key in keys if key.name.lower() != "auto"]
        elif not isinstance(item, exp.BackupProperty):
            raise unsupported(f"CREATE TABLE with {item.key.removesuffix('property')}")


def _element(element: exp.Expr, declared: TableDeclaration) -> None:
    if isinstance(element, exp.LikeProperty):
        declared.like = element.this
    elif isinstance(element, exp.ColumnDef) and element.args.get("kind"):
        _column(element, declared)
    elif isinstance(element, (exp.Identifier, exp.ColumnDef, exp.Column)):
        declared.column_names.append(element.name)
    else:
        name = element.name if isinstance(element, exp.Constraint) else ""
        for part in element.expressions if isinstance(element, exp.Constraint) else [element]:
            declared.constraints.append(_constraint(part, name))


def _column(element: exp.ColumnDef, declared: TableDeclaration) -> None:
    kind = types.of_declaration(element.args["kind"])
    column = {"not_null": False, "encoding": "none", "default_text": None}
    for constraint in element.args.get("constraints") or []:
        rule = constraint.kind
        if isinstance(rule, exp.NotNullColumnConstraint):
            column["not_null"] = not rule.args.get("allow_null")
        elif isinstance(rule, exp.EncodeColumnConstraint):
            column["encoding"] = rule.this.name.lower()
        elif isinstance(rule, exp.DefaultColumnConstraint):
            column["default_text"] = rule.this.sql(dialect="redshift")
            declared.defaults[element.name] = _default(rule.this)
        elif isinstance(rule, exp.GeneratedAsIdentityColumnConstraint):
            seed, step = int(rule.args["start"].name), int(rule.args["increment"].name)
            declared.identities[element.name] = (seed, step)
            # As pg_attrdef shows it; the catalogue's views put the table's number for the first word.
            column["default_text"] = f"\"identity\"(table, {len(declared.columns)}, '{seed},{step}'::text)"
        elif isinstance(rule, (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint)):
            is_primary = isinstance(rule, exp.PrimaryKeyColumnConstraint)
            column["not_null"] = column["not_null"] or is_primary
            word = "PRIMARY KEY" if is_primary else "UNIQUE"
            declared.constraints.append(
                Constraint("p" if is_primary else "u", (element.name,), f"{word} ({element.name})")
            )
        elif isinstance(rule, exp.Reference):
            target = rule.sql(dialect="redshift").replace('"', "")
            declared.constraints.append(Constraint("f", (element.name,), f"FOREIGN KEY ({element.name}) {target}"))
        else:
            raise unsupported(f"the column constraint {rule.sql(dialect='redshift')}")
    declared.storage[element.name] = kind.duckdb
    declared.columns.append(CatalogColumn(element.name, kind.name, **column))  # type: ignore[arg-type]


def _constraint(part: exp.Expr, name: str) -> Constraint:
    if isinstance(part, exp.PrimaryKey):
        columns = tuple(e.name for e in part.expressions)
        return Constraint("p", columns, f"PRIMARY KEY ({', '.join(columns)})", name)
    if isinstance(part, exp.UniqueColumnConstraint):
        columns = tuple(e.name for e in part.this.expressions)
        return Constraint("u", columns, f"UNIQUE ({', '.join(columns)})", name)
    if isinstance(part, exp.ForeignKey):
        columns = tuple(e.name for e in part.expressions)
        target = part.args["reference"].sql(dialect="redshift").replace('"', "")
        return Constraint("f", columns, f"FOREIGN KEY ({', '.join(columns)}) {target}", name)
    raise unsupported(f"the table constraint {part.sql(dialect='redshift')}")


def _default(value: exp.Expr) -> str:
    if isinstance(value, exp.CurrentTimestamp) or value.name.lower() in _NOW:
        return "(now() AT TIME ZONE 'UTC')"
    allowed = (exp.Literal, exp.Null, exp.Boolean, exp.Neg, exp.Cast, exp.CurrentDate, exp.Paren, exp.DataType)
    if not all(
        isinstance(node, allowed) for node in value.walk() if not isinstance(node, (exp.Identifier, exp.DataTypeParam))
    ):
        raise unsupported(f"the default {value.sql(dialect='redshift')}")
    return to_duckdb(value)


def _check_keys(declared: TableDeclaration) -> None:
    names = [column.name for column in declared.columns]
    for key in [declared.distkey, *declared.sortkeys]:
        if key and names and key not in names:
            raise RedshiftError("42703", f'column "{key}" named in key does not exist')
