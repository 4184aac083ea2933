from pathlib import Path

import pytest
from localcloud.stack.layout import REPOSITORY, Layout


def test_the_option_goes_before_the_environment_and_that_before_the_checkout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {"LANDFALL_STATE": "from-environment"}
    assert Layout.choose("from-option", environ).state == tmp_path / "from-option"
    assert Layout.choose(None, environ).state == tmp_path / "from-environment"
    assert Layout.choose(None, {}).state == REPOSITORY / ".local"


def test_the_checkout_is_found():
    assert (REPOSITORY / "localcloud" / "pyproject.toml").is_file()


def test_sockets_stay_in_a_state_with_a_short_path():
    assert Layout(Path("/s")).sockets == Path("/s/run")


@pytest.mark.parametrize("folder", ["x" * 100, "a,b"])
def test_sockets_of_a_state_with_an_unusable_path_get_a_path_of_their_own(tmp_path, folder):
    first, other = (Layout(tmp_path / folder / name) for name in ("one", "two"))
    assert len(str(first.sockets / "postgres" / ".s.PGSQL.5432.lock")) < 100
    assert "," not in str(first.sockets)
    assert first.sockets != other.sockets


def test_all_folders_are_private(tmp_path):
    layout = Layout(tmp_path / "state")
    layout.make()
    assert [oct(folder.stat().st_mode & 0o777) for folder in (layout.state, layout.logs, layout.sockets)] == [
        "0o700"
    ] * 3


@pytest.mark.parametrize("name", ["with space", "per%cent", "quote'd"])
def test_a_strange_name_is_taken_as_it_is(tmp_path, name):
    layout = Layout(tmp_path / name)
    layout.make()
    assert layout.log_of("aws").parent.is_dir()
