"""User-defined functions: dbt's `functions/` folder, in SQL, with each volatility."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.functions.files import MY_UDF_WITH_DEFAULT_ARG_YML, MY_UDF_YML
from dbt.tests.adapter.functions.test_udfs import (
    CanFindScalarFunctionRelation,
    DeterministicUDF,
    ErrorForUnsupportedType,
    NonDeterministicUDF,
    PythonUDFNotSupported,
    SqlUDFDefaultArgSupport,
    StableUDF,
    UDFsBasic,
)


class NamesNoArgument:
    """Redshift's SQL functions know their arguments by number only."""

    @pytest.fixture(scope="class")
    def functions(self) -> dict[str, str]:
        return {"price_for_xlarge.sql": "SELECT $1 * 2", "price_for_xlarge.yml": MY_UDF_YML}


class TestUDFs(NamesNoArgument, UDFsBasic):
    def check_function_volatility(self, sql: str) -> None:
        # Redshift wants one word for it, and dbt-redshift writes the most careful where the model says nothing.
        assert "VOLATILE" in sql


class TestDeterministicUDF(NamesNoArgument, DeterministicUDF):
    pass


class TestStableUDF(NamesNoArgument, StableUDF):
    pass


class TestNonDeterministicUDF(NamesNoArgument, NonDeterministicUDF):
    pass


class TestErrorForUnsupportedType(NamesNoArgument, ErrorForUnsupportedType):
    pass


class TestPythonUDFNotSupported(PythonUDFNotSupported):
    pass


class TestSqlUDFDefaultArgSupport(SqlUDFDefaultArgSupport):
    @pytest.fixture(scope="class")
    def functions(self) -> dict[str, str]:
        return {"price_for_xlarge.sql": "SELECT $1 * 2", "price_for_xlarge.yml": MY_UDF_WITH_DEFAULT_ARG_YML}


class TestCanFindScalarFunctionRelation(NamesNoArgument, CanFindScalarFunctionRelation):
    pass
