import pytest
from localcloud.stack.environment import inherited
from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.ports import Ports
from localcloud.stack.programs import SCHEDULER, TASKS_NICENESS, airflow_programs, cloud_programs, engine_memory


def test_the_memory_of_both_engines_is_what_the_environment_says(tmp_path):
    layout = Layout(tmp_path)
    memory = engine_memory({"LANDFALL_ENGINE_MEMORY": "512MB"})
    commands = {each.name: each.command for each in cloud_programs(layout, Ports(), inherited(layout), memory=memory)}
    for engine in ("athena", "redshift"):
        assert commands[engine][commands[engine].index("--memory-limit") + 1] == "512MB"
    assert "--memory-limit" not in commands["aws"]
    assert engine_memory({}) == "1GB"


def test_only_the_scheduler_whose_children_are_the_tasks_stands_back_for_the_pages(tmp_path):
    programs = airflow_programs(Layout(tmp_path), Ports(), {})
    assert {each.name: each.niceness for each in programs if each.niceness} == {SCHEDULER: TASKS_NICENESS}


@pytest.mark.parametrize("size", ["", "much", "0MB", "512", "80%", "1GB; x"])
def test_a_memory_that_is_no_size_is_refused_by_the_name_of_its_variable(size):
    with pytest.raises(StackError, match="LANDFALL_ENGINE_MEMORY"):
        engine_memory({"LANDFALL_ENGINE_MEMORY": size})
