"""Every function a query may call: its DuckDB form and its Trino result type. What is not listed is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from localcloud.athena.sql import result_types, types
from localcloud.athena.sql.result_types import Kinds


@dataclass(frozen=True)
class Function:
    """A function: `emit` is its name in DuckDB (mostly a macro of macros.py), `returns` its Trino type."""

    emit: str
    returns: str | Callable[[Kinds], str | None]
    lambdas: Callable[[Kinds], list[str | None]] = lambda kinds: [result_types.element(kinds)]
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
    **_functions("nullif", result_types.same),
    **_functions("try", result_types.same),
    # Aggregates and windows
    **_functions("count count_if approx_distinct=trino_approx_distinct", "bigint", aggregate=True),
    **_functions("row_number rank dense_rank ntile", "bigint"),
    **_functions("grouping", "integer"),
    **_functions("percent_rank cume_dist", "double"),
    **_functions(
        "min max any_value arbitrary=any_value first_value last_value nth_value lag lead",
        result_types.same,
        aggregate=True,
    ),
    **_functions("max_by=arg_max min_by=arg_min", result_types.same, aggregate=True),
    **_functions("sum", result_types.summed, aggregate=True),
    **_functions("avg", result_types.average, aggregate=True),
    **_functions("bool_and every=bool_and bool_or", "boolean", aggregate=True),
    **_functions("array_agg", result_types.array_of(result_types.same), aggregate=True),
    **_functions("map_agg=trino_map_agg", result_types.map_of, aggregate=True),
    **_functions("approx_percentile=approx_quantile", result_types.percentile, aggregate=True),
    **_functions(
        "stddev stddev_samp stddev_pop variance=var_samp var_samp var_pop corr covar_pop covar_samp"
        " regr_slope regr_intercept geometric_mean=geomean",
        "double",
        aggregate=True,
    ),
    **_functions("bitwise_and_agg=bit_and bitwise_or_agg=bit_or", "bigint", aggregate=True),
    # Numbers
    **_functions("abs", result_types.same),
    **_functions("round=trino_round", result_types.rounded),
    **_functions("mod=trino_mod", lambda kinds: types.arithmetic(exp.Mod, kinds[0], kinds[1])),
    **_functions("ceil ceiling=ceil floor", result_types.whole),
    **_functions("truncate=trino_truncate", result_types.truncated),
    **_functions("sign=trino_sign", result_types.sign),
    **_functions(
        "sqrt exp ln=trino_ln log10=trino_log10 log2=trino_log2 log=trino_log power=pow pow sin cos tan asin acos atan"
        " atan2 sinh cosh tanh degrees radians pi e=trino_e",
        "double",
    ),
    **_functions("random=trino_random rand=trino_random", result_types.random),
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
    **_functions("date_trunc=trino_date_trunc", result_types.second),
    **_functions("date_add=trino_date_add", result_types.last),
    **_functions("date_diff=trino_date_diff to_milliseconds=trino_to_milliseconds", "bigint"),
    **_functions("date_parse=trino_date_parse", "timestamp(3)"),
    **_functions("date_format=trino_date_format to_iso8601=trino_to_iso8601", "varchar"),
    **_functions(
        "year quarter month week week_of_year=week day day_of_month=day hour minute second"
        " day_of_week=isodow dow=isodow day_of_year=dayofyear doy=dayofyear year_of_week=isoyear yow=isoyear"
        " millisecond=trino_millisecond",
        "bigint",
    ),
    **_functions("at_timezone=trino_at_timezone", result_types.same),
    # Arrays and maps
    **_functions("cardinality=trino_cardinality", "bigint"),
    **_functions("element_at=trino_element_at", result_types.element),
    **_functions("contains=trino_contains arrays_overlap=list_has_any", "boolean"),
    **_functions("any_match=trino_any_match all_match=trino_all_match none_match=trino_none_match", "boolean"),
    **_functions("array_join=trino_array_join", "varchar"),
    **_functions("array_position=trino_array_position", "bigint"),
    **_functions("array_max=trino_array_max array_min=trino_array_min", result_types.element),
    **_functions(
        "array_distinct=trino_array_distinct array_sort=trino_array_sort array_remove=trino_array_remove"
        " slice=trino_slice array_except=trino_array_except array_intersect=trino_array_intersect "
        " array_union=trino_array_union filter=list_filter",
        result_types.same,
    ),
    **_functions("flatten", result_types.element),
    **_functions("reverse", result_types.same),
    **_functions("transform=list_transform", result_types.array_of(result_types.last)),
    **_functions("reduce", result_types.last),
    **_functions("sequence=trino_sequence", result_types.sequence),
    **_functions("repeat=trino_repeat", result_types.array_of(result_types.same)),
    **_functions("map=trino_map", result_types.map_of_arrays),
    **_functions("histogram", lambda kinds: result_types.map_of([kinds[0], "bigint"]), aggregate=True),
    **_functions("map_keys", result_types.array_of(result_types.key)),
    **_functions("map_values", result_types.array_of(result_types.element)),
    **_functions("map_concat", result_types.same),
    **_functions(
        "map_filter", result_types.same, lambdas=lambda kinds: [result_types.key(kinds), result_types.element(kinds)]
    ),
    **_functions(
        "transform_values",
        result_types.values_changed,
        lambdas=lambda kinds: [result_types.key(kinds), result_types.element(kinds)],
    ),
    **_functions("row", result_types.row),
    # Others
    **_functions("typeof=trino_typeof version=trino_version", "varchar"),
    **_functions("uuid", "uuid"),
}
