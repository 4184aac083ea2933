"""Session parameters read and set in queries."""

from __future__ import annotations

import pytest
from pgclient import PgClient, PgError


def test_current_setting_follows_set_and_set_config(pg: PgClient) -> None:
    assert pg.query("select current_setting('query_group')").rows == [("default",)]
    pg.query("set query_group to 'nightly'")
    assert pg.query("select current_setting('query_group')").rows == [("nightly",)]
    assert pg.query("select set_config('query_group', 'hourly', false)").rows == [("hourly",)]
    assert pg.query("show query_group").rows == [("hourly",)]
    pg.query("reset query_group")
    assert pg.query("select current_setting('query_group')").rows == [("default",)]


def test_a_client_keeps_variables_of_its_own(pg: PgClient) -> None:
    pg.query("set app.tenant to 'acme'")
    assert pg.query("select current_setting('app.tenant')").rows == [("acme",)]
    assert pg.query("select current_setting('app.other', true)").rows == [(None,)]
    with pytest.raises(PgError, match="unrecognized configuration parameter"):
        pg.query("select current_setting('app.other')")


def test_set_config_of_the_rows_of_a_table_is_refused(pg: PgClient) -> None:
    with pytest.raises(PgError, match="not supported by the local cloud"):
        pg.query("select set_config('query_group', table_name, false) from svv_tables")


@pytest.mark.parametrize("form", ["set time zone {}", "set session time zone {}", "set timezone to {}"])
def test_each_form_of_setting_the_time_zone_takes_utc_and_refuses_others(pg: PgClient, form: str) -> None:
    pg.query(form.format("'UTC'"))
    assert pg.query("show timezone").rows == [("UTC",)]
    with pytest.raises(PgError, match="not supported by the local cloud") as caught:
        pg.query(form.format("'Asia/Kolkata'"))
    assert caught.value.sqlstate == "0A000"
