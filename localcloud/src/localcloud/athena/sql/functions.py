"""Every function a query may call: its DuckDB form and its Trino result type. What is not listed is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from localcloud.athena.sql import types
from localcloud.lake.types import parts

Kinds = Sequence[str | None]


def _element(kinds: Kinds) -> str | None:
    base, inner = parts(kinds[0] or "") if kinds else ("", [])
    return inner[-1] if base in ("array", "map") else None


def _key(kinds: Kinds) -> str | None:
    base, inner = parts(kinds[0] or "")
    return inner[0] if base == "map" else None


def _same(kinds: Kinds) -> str | None:
    return kinds[0] if kinds else None


def _second(kinds: Kinds) -> str | None:
    return kinds[1] if len(kinds) > 1 else None


def _last(kinds: Kinds) -> str | None:
    return kinds[-1]


def _array_of(inner: Callable[[Kinds], str | None]) -> Callable[[Kinds], str | None]:
    def result(kinds: Kinds) -> str | None:
        kind = inner(kinds)
        return f"array({kind})" if kind else None

    return result


def _map_of(kinds: Kinds) -> str | None:
    return f"map({kinds[0]}, {kinds[1]})" if len(kinds) > 1 and kinds[0] and kinds[1] else None


def _values_changed(kinds: Kinds) -> str | None:
    return _map_of([_key(kinds), kinds[-1]])


def _map_of_arrays(kinds: Kinds) -> str | None:
    if not kinds:
        return "map(unknown, unknown)"
    return _map_of([_element(kinds[:1]), _element(kinds[1:])])


def _sum(kinds: Kinds) -> str | None:
    if types.is_integer(kinds[0]):
        return "bigint"
    return f"decimal(38,{types.precision_scale(kinds[0])[1]})" if kinds[0] and types.is_decimal(kinds[0]) else kinds[0]


def _average(kinds: Kinds) -> str | None:
    return "double" if types.is_integer(kinds[0]) else kinds[0]


def _date_moved(kinds: Kinds) -> str | None:
    return kinds[-1]


def _whole(kinds: Kinds) -> str | None:
    if types.is_decimal(kinds[0]) and kinds[0]:
        precision, scale = types.precision_scale(kinds[0])
        return types.decimal(precision - scale + (1 if scale else 0), 0)
    return kinds[0]


def _rounded(kinds: Kinds) -> str | None:
    if not kinds[0] or not types.is_decimal(kinds[0]):
        return kinds[0]
    precision, scale = types.precision_scale(kinds[0])
    return (
        types.decimal(precision + 1, scale) if len(kinds) > 1 else types.decimal(precision - scale + min(1, scale), 0)
    )


def _truncated(kinds: Kinds) -> str | None:
    if len(kinds) > 1 or not kinds[0] or not types.is_decimal(kinds[0]):
        return kinds[0]
    precision, scale = types.precision_scale(kinds[0])
    return types.decimal(max(1, precision - scale), 0)


def _sign(kinds: Kinds) -> str | None:
    return "decimal(1,0)" if types.is_decimal(kinds[0]) else kinds[0]


def _sequence(kinds: Kinds) -> str | None:
    return "array(bigint)" if types.is_integer(kinds[0]) else f"array({kinds[0]})" if kinds[0] else None


def _percentile(kinds: Kinds) -> str | None:
    return "bigint" if types.is_integer(kinds[0]) else kinds[0]


def _row(kinds: Kinds) -> str | None:
    return "row(" + ", ".join(f"field{index} {kind}" for index, kind in enumerate(kinds)) + ")" if all(kinds) else None


@dataclass(frozen=True)
class Function:
    """A function: `emit` is its name in DuckDB (mostly a macro of macros.py), `returns` its Trino type."""

    emit: str
    returns: str | Callable[[Kinds], str | None]
    lambdas: Callable[[Kinds], list[str | None]] = lambda kinds: [_element(kinds)]
    aggregate: bool = False

    def return_type(self, kinds: Kinds) -> str | None:
        """The result type for arguments of these types; None if not known."""
        return self.returns if isinstance(self.returns, str) else self.returns(kinds)

    def lambda_types(self, kinds: Kinds) -> list[str | None]:
        """The types of a lambda's parameters, from the arguments before it."""
        return self.lambdas(kinds)


def _functions(names: str, returns: str | Callable[[Kinds], str | None], **more: object) -> dict[str, Function]:
    """Several functions with one result type; `name=duckdb_name` where the name in DuckDB is another."""
    made = {}
    for entry in names.split():
        name, _, emit = entry.partition("=")
        made[name] = Function(emit or name, returns, **more)  # type: ignore[arg-type]
    return made


FUNCTIONS: dict[str, Function] = {
    # Conditional
    **_functions("coalesce greatest=trino_greatest least=trino_least", types.common),
    **_functions("nullif", _same),
    **_functions("try", _same),
    # Aggregates and windows
    **_functions("count count_if approx_distinct=trino_approx_distinct", "bigint", aggregate=True),
    **_functions("row_number rank dense_rank ntile", "bigint"),
    **_functions("grouping", "integer"),
    **_functions("percent_rank cume_dist", "double"),
    **_functions(
        "min max any_value arbitrary=any_value first_value last_value nth_value lag lead", _same, aggregate=True
    ),
    **_functions("max_by=arg_max min_by=arg_min", _same, aggregate=True),
    **_functions("sum", _sum, aggregate=True),
    **_functions("avg", _average, aggregate=True),
    **_functions("bool_and every=bool_and bool_or", "boolean", aggregate=True),
    **_functions("array_agg", _array_of(_same), aggregate=True),
    **_functions("map_agg=trino_map_agg", _map_of, aggregate=True),
    **_functions("approx_percentile=approx_quantile", _percentile, aggregate=True),
    **_functions(
        "stddev stddev_samp stddev_pop variance=var_samp var_samp var_pop corr covar_pop covar_samp"
        " regr_slope regr_intercept geometric_mean=geomean",
        "double",
        aggregate=True,
    ),
    **_functions("bitwise_and_agg=bit_and bitwise_or_agg=bit_or", "bigint", aggregate=True),
    # Numbers
    **_functions("abs", _same),
    **_functions("round=trino_round", _rounded),
    **_functions("mod=trino_mod", lambda kinds: types.arithmetic(exp.Mod, kinds[0], kinds[1])),
    **_functions("ceil ceiling=ceil floor", _whole),
    **_functions("truncate=trino_truncate", _truncated),
    **_functions("sign=trino_sign", _sign),
    **_functions(
        "sqrt exp ln=trino_ln log10=trino_log10 log2=trino_log2 log=trino_log power=pow pow sin cos tan asin acos atan"
        " atan2 sinh cosh tanh degrees radians pi e=trino_e random rand=random",
        "double",
    ),
    **_functions("infinity=trino_infinity nan=trino_nan", "double"),
    **_functions("is_nan=isnan is_finite=isfinite is_infinite=isinf", "boolean"),
    **_functions("bitwise_and=trino_bitwise_and bitwise_or=trino_bitwise_or bitwise_xor=trino_bitwise_xor", "bigint"),
    # Text
    **_functions(
        "lower upper=trino_upper replace=trino_replace substr=trino_substr substring=trino_substr"
        " trim=trino_trim ltrim=trino_ltrim rtrim=trino_rtrim lpad=trino_lpad rpad=trino_rpad"
        " split_part=trino_split_part chr=trino_chr translate"
        " concat_ws=trino_concat_ws",
        "varchar",
    ),
    **_functions(
        "length=trino_length char_length=trino_length character_length=trino_length strpos=trino_strpos"
        " position=trino_strpos levenshtein_distance=levenshtein hamming_distance=hamming",
        "bigint",
    ),
    **_functions("concat=trino_concat", types.common),
    **_functions("codepoint=trino_codepoint", "integer"),
    **_functions("starts_with regexp_like=regexp_matches", "boolean"),
    **_functions("split=trino_split regexp_split=trino_regexp_split", "array(varchar)"),
    **_functions("regexp_extract=trino_regexp_extract regexp_replace=trino_regexp_replace", "varchar"),
    **_functions("regexp_extract_all", "array(varchar)"),
    **_functions("regexp_count=trino_regexp_count", "bigint"),
    # Binary
    **_functions("to_utf8=encode from_hex=unhex sha256=trino_sha256 md5=trino_md5 sha1=trino_sha1", "varbinary"),
    **_functions("from_base64=from_base64 sha512=landfall_sha512", "varbinary"),
    **_functions(
        " ".join(f"hmac_{name}=landfall_hmac_{name}" for name in ("md5", "sha1", "sha256", "sha512")), "varbinary"
    ),
    **_functions("crc32=landfall_crc32", "bigint"),
    # URLs
    **_functions(
        " ".join(
            f"url_extract_{part}=landfall_url_{part}"
            for part in ("protocol", "host", "path", "query", "fragment", "parameter")
        )
        + " url_encode=landfall_url_encode url_decode=landfall_url_decode",
        "varchar",
    ),
    **_functions("url_extract_port=landfall_url_port", "bigint"),
    **_functions("to_hex=hex from_utf8=decode to_base64=to_base64", "varchar"),
    # JSON
    **_functions("json_parse=trino_json_parse json_extract=trino_json_extract", "json"),
    **_functions("json_format=trino_json_format json_extract_scalar=trino_json_extract_scalar", "varchar"),
    **_functions("json_size=trino_json_size json_array_length=trino_json_array_length", "bigint"),
    **_functions("is_json_scalar=trino_is_json_scalar json_exists=landfall_json_exists", "boolean"),
    **_functions("json_value=landfall_json_value json_query=landfall_json_query", "varchar"),
    # Times
    **_functions("now=trino_now current_timestamp=trino_now", "timestamp(3) with time zone"),
    **_functions("current_date", "date"),
    **_functions("from_iso8601_timestamp=trino_from_iso8601_timestamp", "timestamp(3) with time zone"),
    **_functions("from_unixtime=trino_from_unixtime", "timestamp(3) with time zone"),
    **_functions("from_iso8601_date=trino_date_from_text date=trino_date last_day_of_month=last_day", "date"),
    **_functions("to_unixtime=trino_to_unixtime", "double"),
    **_functions("date_trunc=trino_date_trunc", _second),
    **_functions("date_add=trino_date_add", _last),
    **_functions("date_diff=trino_date_diff to_milliseconds=trino_to_milliseconds", "bigint"),
    **_functions("date_parse=trino_date_parse", "timestamp(3)"),
    **_functions("date_format=trino_date_format to_iso8601=trino_to_iso8601", "varchar"),
    **_functions(
        "year quarter month week week_of_year=week day day_of_month=day hour minute second"
        " day_of_week=isodow dow=isodow day_of_year=dayofyear doy=dayofyear year_of_week=isoyear yow=isoyear"
        " millisecond=trino_millisecond",
        "bigint",
    ),
    **_functions("at_timezone=trino_at_timezone", _same),
    # Arrays and maps
    **_functions("cardinality=trino_cardinality", "bigint"),
    **_functions("element_at=trino_element_at", _element),
    **_functions("contains=trino_contains arrays_overlap=list_has_any", "boolean"),
    **_functions("any_match=trino_any_match all_match=trino_all_match none_match=trino_none_match", "boolean"),
    **_functions("array_join=trino_array_join", "varchar"),
    **_functions("array_position=trino_array_position", "bigint"),
    **_functions("array_max=trino_array_max array_min=trino_array_min", _element),
    **_functions(
        "array_distinct=trino_array_distinct array_sort=trino_array_sort array_remove=trino_array_remove"
        " slice=trino_slice array_except=trino_array_except array_intersect=trino_array_intersect "
        " array_union=trino_array_union filter=list_filter",
        _same,
    ),
    **_functions("flatten", _element),
    **_functions("reverse", _same),
    **_functions("transform=list_transform", _array_of(_last)),
    **_functions("reduce", _last),
    **_functions("sequence=trino_sequence", _sequence),
    **_functions("repeat=trino_repeat", _array_of(_same)),
    **_functions("map=trino_map", _map_of_arrays),
    **_functions("histogram", lambda kinds: _map_of([kinds[0], "bigint"]), aggregate=True),
    **_functions("map_keys", _array_of(_key)),
    **_functions("map_values", _array_of(_element)),
    **_functions("map_concat", _same),
    **_functions("map_filter", _same, lambdas=lambda kinds: [_key(kinds), _element(kinds)]),
    **_functions("transform_values", _values_changed, lambdas=lambda kinds: [_key(kinds), _element(kinds)]),
    **_functions("row", _row),
    # Others
    **_functions("typeof=trino_typeof version=trino_version", "varchar"),
    **_functions("uuid", "uuid"),
}
