"""The suite's cross-database macros and the types they give."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dbt.tests.adapter.utils.data_types.test_type_bigint import BaseTypeBigInt
from dbt.tests.adapter.utils.data_types.test_type_boolean import BaseTypeBoolean
from dbt.tests.adapter.utils.data_types.test_type_float import BaseTypeFloat
from dbt.tests.adapter.utils.data_types.test_type_int import BaseTypeInt
from dbt.tests.adapter.utils.data_types.test_type_numeric import BaseTypeNumeric
from dbt.tests.adapter.utils.data_types.test_type_string import BaseTypeString
from dbt.tests.adapter.utils.data_types.test_type_timestamp import BaseTypeTimestamp
from dbt.tests.adapter.utils.fixture_date_spine import models__test_date_spine_sql, models__test_date_spine_yml
from dbt.tests.adapter.utils.fixture_datediff import models__test_datediff_sql, models__test_datediff_yml
from dbt.tests.adapter.utils.fixture_get_intervals_between import (
    models__test_get_intervals_between_sql,
    models__test_get_intervals_between_yml,
)
from dbt.tests.adapter.utils.fixture_null_compare import (
    MODELS__TEST_MIXED_NULL_COMPARE_SQL,
    MODELS__TEST_MIXED_NULL_COMPARE_YML,
    MODELS__TEST_NULL_COMPARE_SQL,
    MODELS__TEST_NULL_COMPARE_YML,
)
from dbt.tests.adapter.utils.fixture_split_part import models__test_split_part_sql, models__test_split_part_yml
from dbt.tests.adapter.utils.test_any_value import BaseAnyValue
from dbt.tests.adapter.utils.test_array_append import BaseArrayAppend
from dbt.tests.adapter.utils.test_array_concat import BaseArrayConcat
from dbt.tests.adapter.utils.test_array_construct import BaseArrayConstruct
from dbt.tests.adapter.utils.test_bool_or import BaseBoolOr
from dbt.tests.adapter.utils.test_cast import BaseCast
from dbt.tests.adapter.utils.test_cast_bool_to_text import BaseCastBoolToText
from dbt.tests.adapter.utils.test_concat import BaseConcat
from dbt.tests.adapter.utils.test_current_timestamp import BaseCurrentTimestampNaive
from dbt.tests.adapter.utils.test_date import BaseDate
from dbt.tests.adapter.utils.test_date_spine import BaseDateSpine
from dbt.tests.adapter.utils.test_date_trunc import BaseDateTrunc
from dbt.tests.adapter.utils.test_dateadd import BaseDateAdd
from dbt.tests.adapter.utils.test_datediff import BaseDateDiff
from dbt.tests.adapter.utils.test_equals import BaseEquals
from dbt.tests.adapter.utils.test_escape_single_quotes import BaseEscapeSingleQuotesQuote
from dbt.tests.adapter.utils.test_except import BaseExcept
from dbt.tests.adapter.utils.test_generate_series import BaseGenerateSeries
from dbt.tests.adapter.utils.test_get_intervals_between import BaseGetIntervalsBetween
from dbt.tests.adapter.utils.test_get_powers_of_two import BaseGetPowersOfTwo
from dbt.tests.adapter.utils.test_hash import BaseHash
from dbt.tests.adapter.utils.test_intersect import BaseIntersect
from dbt.tests.adapter.utils.test_last_day import BaseLastDay
from dbt.tests.adapter.utils.test_length import BaseLength
from dbt.tests.adapter.utils.test_listagg import BaseListagg
from dbt.tests.adapter.utils.test_null_compare import BaseMixedNullCompare, BaseNullCompare
from dbt.tests.adapter.utils.test_position import BasePosition
from dbt.tests.adapter.utils.test_replace import BaseReplace
from dbt.tests.adapter.utils.test_right import BaseRight
from dbt.tests.adapter.utils.test_safe_cast import BaseSafeCast
from dbt.tests.adapter.utils.test_source_freshness_custom_info import BaseCalculateFreshnessMethod
from dbt.tests.adapter.utils.test_split_part import BaseSplitPart
from dbt.tests.adapter.utils.test_string_literal import BaseStringLiteral
from dbt.tests.adapter.utils.test_timestamps import BaseCurrentTimestamps
from dbt.tests.adapter.utils.test_validate_sql import BaseValidateSqlMethod


@pytest.fixture(scope="class")
def table_type() -> str:
    """The macros do not depend on the kind of table, so they are run once."""
    return "hive"


class TestTypeBigInt(BaseTypeBigInt):
    pass


class TestTypeBoolean(BaseTypeBoolean):
    pass


class TestTypeFloat(BaseTypeFloat):
    pass


class TestTypeInt(BaseTypeInt):
    pass


class TestTypeNumeric(BaseTypeNumeric):
    def numeric_fixture_type(self) -> str:
        return "decimal(38,6)"


class TestTypeString(BaseTypeString):
    pass


class TestTypeTimestamp(BaseTypeTimestamp):
    pass


class TestAnyValue(BaseAnyValue):
    pass


class TestArrayAppend(BaseArrayAppend):
    pass


class TestArrayConcat(BaseArrayConcat):
    pass


class TestArrayConstruct(BaseArrayConstruct):
    pass


class TestBoolOr(BaseBoolOr):
    pass


class TestCast(BaseCast):
    pass


class TestCastBoolToText(BaseCastBoolToText):
    pass


class TestConcat(BaseConcat):
    pass


class TestCurrentTimestamp(BaseCurrentTimestampNaive):
    pass


class TestCurrentTimestamps(BaseCurrentTimestamps):
    pass


class TestDate(BaseDate):
    pass


def _postgres_dates_in_athenas_words(model: str) -> str:
    """The branch that the suite has for PostgreSQL, whose dates are dates; in its others texts are counted as dates."""
    dates = re.sub(r"'(\d\d)/(\d\d)/(\d{4})'::date", r"'\3-\1-\2'::date", model)
    return re.sub(r"('[\d-]+')::date", r"date \1", dates).replace("== 'postgres'", "== 'athena'")


class TestDateSpine(BaseDateSpine):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        model = _postgres_dates_in_athenas_words(models__test_date_spine_sql)
        return {
            "test_date_spine.yml": models__test_date_spine_yml,
            "test_date_spine.sql": self.interpolate_macro_namespace(model, "date_spine"),
        }


class TestDateTrunc(BaseDateTrunc):
    pass


def _timestamps(seed: str, *columns: str) -> dict[str, Any]:
    """Seeds read a text as a timestamp only where they are told to."""
    return {"name": "test", "seeds": {"test": {seed: {"+column_types": dict.fromkeys(columns, "timestamp")}}}}


class TestDateAdd(BaseDateAdd):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return _timestamps("data_dateadd", "from_time", "result")


class TestDateDiff(BaseDateDiff):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return _timestamps("data_datediff", "first_date", "second_date")

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        # dbt-athena counts no microseconds, and a cast to timestamp keeps milliseconds; as in its own tests.
        lines = [line for line in models__test_datediff_sql.splitlines() if "microsecond" not in line]
        in_milliseconds = re.sub(r"(\.\d{3})\d{3}", r"\1", "\n".join(lines))
        return {
            "test_datediff.yml": models__test_datediff_yml,
            "test_datediff.sql": self.interpolate_macro_namespace(in_milliseconds, "datediff"),
        }


class TestEquals(BaseEquals):
    pass


class TestEscapeSingleQuotes(BaseEscapeSingleQuotesQuote):
    pass


class TestExcept(BaseExcept):
    pass


class TestGenerateSeries(BaseGenerateSeries):
    pass


class TestGetIntervalsBetween(BaseGetIntervalsBetween):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        model = _postgres_dates_in_athenas_words(models__test_get_intervals_between_sql)
        return {
            "test_get_intervals_between.yml": models__test_get_intervals_between_yml,
            "test_get_intervals_between.sql": self.interpolate_macro_namespace(model, "get_intervals_between"),
        }


class TestGetPowersOfTwo(BaseGetPowersOfTwo):
    pass


class TestHash(BaseHash):
    pass


class TestIntersect(BaseIntersect):
    pass


class TestLastDay(BaseLastDay):
    pass


class TestLength(BaseLength):
    pass


class TestListagg(BaseListagg):
    pass


def _typed_nulls(model: str) -> str:
    """The model with a type for each NULL, for a view of Athena has no column without one."""
    return model.replace("null", "cast(null as integer)")


class TestMixedNullCompare(BaseMixedNullCompare):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {
            "test_mixed_null_compare.yml": MODELS__TEST_MIXED_NULL_COMPARE_YML,
            "test_mixed_null_compare.sql": _typed_nulls(MODELS__TEST_MIXED_NULL_COMPARE_SQL),
        }


class TestNullCompare(BaseNullCompare):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {
            "test_null_compare.yml": MODELS__TEST_NULL_COMPARE_YML,
            "test_null_compare.sql": _typed_nulls(MODELS__TEST_NULL_COMPARE_SQL),
        }


class TestPosition(BasePosition):
    pass


class TestReplace(BaseReplace):
    pass


class TestRight(BaseRight):
    pass


class TestSafeCast(BaseSafeCast):
    pass


class TestSplitPart(BaseSplitPart):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        # Trino counts parts from the left only; as in dbt-athena's own tests.
        parts = [part for part in models__test_split_part_sql.split("union all") if "-1" not in part]
        return {
            "test_split_part.yml": models__test_split_part_yml,
            "test_split_part.sql": self.interpolate_macro_namespace("union all".join(parts), "split_part"),
        }


class TestStringLiteral(BaseStringLiteral):
    pass


class TestValidateSqlMethod(BaseValidateSqlMethod):
    pass


class TestCalculateFreshnessMethod(BaseCalculateFreshnessMethod):
    pass
