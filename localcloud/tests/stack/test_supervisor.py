import os
import signal
import time

import psutil
import pytest
from localcloud.stack.down import down, stop_everything
from localcloud.stack.environment import MARKER
from localcloud.stack.errors import StackError
from localcloud.stack.health import wait_until
from localcloud.stack.processes import end_leftovers

SLEEP = "import time; time.sleep(600)"
SAVES_ON_TERM = """
import pathlib, signal, sys, time
def save(*_):
    pathlib.Path("saved").write_text("yes")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
pathlib.Path("ready").touch()
time.sleep(600)
"""
LEAVES_A_CHILD = """
import subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path("child").write_text(str(child.pid))
time.sleep(600)
"""

IGNORES_TERM = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: open("told", "w"))
print("ready", flush=True)
while True:
    time.sleep(600)
"""
WAITS_FOR_ITS_TASK = f"""
import pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: None)
task = subprocess.Popen([sys.executable, "-c", {IGNORES_TERM!r}], process_group=0, stdout=subprocess.PIPE)
task.stdout.readline()
pathlib.Path("child").write_text(str(task.pid))
pathlib.Path("reported").write_text(str(task.wait()))
"""


def wait_for(file):
    deadline = time.monotonic() + 20
    while not file.exists() or not (file.name != "child" or file.read_text()):
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.02)


def test_a_program_runs_with_its_environment_in_its_folder(layout, supervisor, program):
    program("athena", "import os; open('told', 'w').write(os.environ['LANDFALL_STACK'])")
    supervisor.start_programs(["athena"])
    wait_for(layout.state / "told")
    assert (layout.state / "told").read_text() == str(layout.state)


def test_a_program_stands_back_as_far_as_it_is_to(layout, supervisor, program):
    program("athena", "import os; open('t', 'w').write(str(os.nice(0))); os.rename('t', 'told')", niceness=5)
    supervisor.start_programs(["athena"])
    wait_for(layout.state / "told")
    assert int((layout.state / "told").read_text()) == os.nice(0) + 5


def test_starting_twice_leaves_one_process(supervisor, program):
    program("aws", SLEEP)
    supervisor.start_programs(["aws"])
    first = supervisor.states()["aws"].pid
    supervisor.start_programs(["aws"])
    assert supervisor.states()["aws"].pid == first


def test_what_a_killed_program_leaves_ends_before_it_is_started_anew(layout, supervisor, program):
    program("aws", SLEEP)
    program("athena", LEAVES_A_CHILD)
    supervisor.start_programs(["aws", "athena"])
    wait_for(layout.state / "child")
    states, left = supervisor.states(), int((layout.state / "child").read_text())
    (layout.state / "child").unlink()
    os.kill(states["athena"].pid, signal.SIGKILL)
    wait_for(layout.state / "child")
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE
    assert psutil.pid_exists(int((layout.state / "child").read_text()))
    assert supervisor.states()["aws"].pid == states["aws"].pid


def test_what_a_failed_program_said_is_told_at_once(layout, supervisor, program):
    program("aws", "raise SystemExit('port taken by a test')")
    supervisor.start_programs(["aws"])
    with pytest.raises(StackError, match=r"aws ended instead of getting ready:[\s\S]*port taken by a test"):
        wait_until(lambda: False, what="aws", programs=("aws",), supervisor=supervisor, layout=layout, seconds=20)


def test_down_lets_a_program_save_and_ends_supervisord(layout, supervisor, program):
    program("aws", SAVES_ON_TERM)
    supervisor.start_programs(["aws"])
    wait_for(layout.state / "ready")
    said = []
    down(layout, purge=False, say=said.append)
    assert (layout.state / "saved").read_text() == "yes"
    assert said == ["The stack is down."]
    assert supervisor.pid is None


def test_a_killed_aws_is_started_anew_and_so_is_an_engine(supervisor, program):
    names = ("aws", "athena")
    for name in names:
        program(name, SLEEP)
    supervisor.start_programs(names)
    deadline = time.monotonic() + 30
    while {supervisor.states()[name].state for name in names} != {"RUNNING"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killed = {name: supervisor.states()[name].pid for name in names}
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    while any(supervisor.states()[name].pid in (0, killed[name]) for name in names):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_down_ends_what_a_program_left_behind(layout, supervisor, program):
    program("athena", LEAVES_A_CHILD)
    supervisor.start_programs(["athena"])
    wait_for(layout.state / "child")
    child = int((layout.state / "child").read_text())
    said = []
    down(layout, purge=True, say=said.append)
    assert not psutil.pid_exists(child)
    assert str(child) in said[0]
    assert not layout.state.exists()


def test_down_tells_a_running_task_then_kills_it_so_that_the_scheduler_can_report_it(
    layout, supervisor, program, monkeypatch
):
    monkeypatch.setattr("localcloud.stack.down.TASK_SECONDS", 0.5)
    program("airflow-scheduler", WAITS_FOR_ITS_TASK)
    supervisor.start_programs(["airflow-scheduler"])
    wait_for(layout.state / "child")
    down(layout, purge=False, say=print)
    assert (layout.state / "told").exists()
    assert (layout.state / "reported").read_text() == str(-signal.SIGKILL)


def test_processes_of_another_stack_are_left_alone(layout, supervisor, program, tmp_path):
    described = program("athena", SLEEP)
    other = psutil.Popen(described.command, env={**described.environment, MARKER: str(tmp_path / "other")})
    try:
        assert end_leftovers(layout, spared=[supervisor.pid]) == []
        assert other.is_running()
    finally:
        other.kill()
        other.wait()


def test_the_orphans_of_a_killed_supervisord_are_ended(layout, supervisor, program):
    program("athena", SLEEP)
    supervisor.start_programs(["athena"])
    orphan = supervisor.states()["athena"].pid
    parent = psutil.Process(supervisor.pid)
    parent.kill()
    parent.wait(timeout=10)
    assert [text.split()[0] for text in end_leftovers(layout)] == [str(orphan)]
    assert not psutil.pid_exists(orphan)


def test_stopping_a_stack_that_is_not_up_is_no_error(layout):
    from localcloud.stack.supervisor import Supervisor

    stop_everything(Supervisor(layout))
