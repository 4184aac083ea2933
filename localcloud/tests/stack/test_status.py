import subprocess
import sys
import time

import psutil
from localcloud.stack.plan import Plan
from localcloud.stack.ports import Ports
from localcloud.stack.processes import cost_of, family_of
from localcloud.stack.status import as_table, measure
from rich.console import Console

BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"
SLEEP = "import time; time.sleep(600)"


def test_cpu_of_descendants_is_counted_living_and_ended():
    script = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN.format(seconds=0.3)!r}])\ninput()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as parent:
        deadline = time.monotonic() + 20
        # Once the child has ended its time is found with its parent; before, with itself.
        while cost_of(family_of(parent.pid)).cpu_seconds < 0.3 or len(family_of(parent.pid)) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.communicate(b"\n")


def test_memory_grows_with_what_is_held():
    held = 64 * 1024 * 1024
    script = f"data = b'x' * {held}; print('ready', flush=True); input()"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert held < cost_of([psutil.Process(process.pid)]).memory_bytes < held + 64 * 1024 * 1024
        process.communicate(b"\n")


def test_a_process_that_is_gone_costs_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert family_of(process.pid) == []


def test_a_busy_and_an_idle_process_are_told_apart(layout, supervisor, program):
    Plan(Ports(), with_airflow=False).save(layout.plan_file)
    program("aws", "while True: pass")
    program("athena", SLEEP)
    supervisor.start_programs(["aws", "athena"])
    time.sleep(1)
    status = measure(layout, seconds=1)
    share = {row.name: row.cpu_share for row in status.rows}
    assert share["aws"] > 0.3
    assert share["athena"] < 0.1
    assert not status.is_up, "redshift does not run"


def test_the_table_names_processes_ports_and_the_total(layout, supervisor, program):
    Plan(Ports(aws=14566), with_airflow=False).save(layout.plan_file)
    for name in ("aws", "athena", "redshift"):
        program(name, SLEEP)
        supervisor.start_programs([name])
    time.sleep(2.5)
    status = measure(layout, seconds=0.1)
    console = Console(width=100)
    with console.capture() as capture:
        console.print(as_table(status))
    shown = capture.get()
    assert status.is_up
    assert "14566" in shown
    assert str(supervisor.states()["redshift"].pid) in shown
    assert "total" in shown


def test_a_state_without_a_stack_is_not_up(layout):
    assert not measure(layout, seconds=0).is_up
