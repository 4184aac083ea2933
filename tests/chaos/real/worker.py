"""One worker: a forked process that runs the tasks of ingest_<stream>, and that is struck at one chosen call of AWS."""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import signal
import struct
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.retries.standard
import sqlglot
from botocore.exceptions import BotoCoreError, ClientError
from landfall.aws import clients
from landfall.contracts import StreamContract
from landfall.errors import ConservationError, LandfallError
from landfall.ingest import tasks
from landfall.settings import Settings
from sqlglot import exp

from tests.chaos.real.points import point_of_call
from tests.chaos.real.trace import BEGUN, ENDED

LONGEST_SECONDS = 900.0
"""After which a worker counts as hanging: on an idle machine a load takes some seconds, on a busy one minutes."""

DONE, FAILED, WRONG = 0, 1, 2
"""How a worker ends: well, with an error it may end with, with one it may not."""

_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_PR_SET_PDEATHSIG = 1
_SERVICES = ("athena", "dynamodb", "glue", "s3", "sqs")


@dataclass(frozen=True)
class Strike:
    """What befalls a worker: it is killed (SIGKILL) or frozen (SIGSTOP) at the nth meeting with a crash point."""

    what: signal.Signals
    where: str
    nth: int = 1


class Clock:
    """The time that all workers of a history read, which the harness lets jump."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self._ahead = 0.0

    def jump(self, seconds: float) -> None:
        """Let time jump, in processes that are at work as well."""
        self._ahead += seconds
        self._shared[:8] = struct.pack("d", self._ahead)

    def now(self, *, wrong_by: float = 0.0) -> float:
        """Return the present time, as a process whose clock is wrong by some seconds sees it."""
        (ahead,) = struct.unpack("d", self._shared[:8])
        return time.time() + float(ahead) + wrong_by


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a worker is to do: load `contract`'s stream as the run `owner`; it notes in `trace` what it calls."""

    contract: StreamContract
    owner: str
    clock: Clock
    trace: Path
    strike: Strike | None = None
    wrong_by: float = 0.0


class Worker:
    """A running worker, seen from the harness."""

    def __init__(self, errand: Errand) -> None:
        self.owner = errand.owner
        self.errand = errand
        self._pid = os.fork()
        if self._pid == 0:
            # Nobody would thaw or end it once its harness is dead.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            os._exit(_work(errand))

    def wait(self) -> str:
        """Wait until the worker is done, failed, wrong, killed, frozen or hangs, and return which."""
        ends_at = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < ends_at:
            pid, status = os.waitpid(self._pid, os.WUNTRACED | os.WNOHANG)
            if pid == 0:
                time.sleep(0.02)
            elif os.WIFSTOPPED(status):
                return "frozen"
            elif os.WIFSIGNALED(status):
                return "killed"
            else:
                return {DONE: "done", FAILED: "failed"}.get(os.WEXITSTATUS(status), "wrong")
        self.kill()
        return "hangs"

    def thaw(self) -> None:
        """Let a frozen worker go on, which does not know that it slept."""
        os.kill(self._pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the worker there and then."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


@cache
def warm_up() -> None:
    """Let this process read what boto3 knows of the services, so that no worker has to."""
    clients.make_clients(_SERVICES)


def _work(errand: Errand) -> int:
    random.seed()
    clients.forget()
    with errand.trace.open("a", buffering=1) as trace:
        _Hooks(errand, note=lambda text: trace.write(f"{errand.owner} ({os.getpid()}): {text}\n")).install()
        try:
            _load(errand)
        except ConservationError:
            # Nothing was hidden from this worker.
            trace.write(f"{errand.owner}: {traceback.format_exc()}\n")
            return WRONG
        except (LandfallError, ClientError, BotoCoreError) as error:
            trace.write(f"{errand.owner}: ended with {type(error).__name__}: {error}\n")
            return FAILED
        except BaseException:
            trace.write(f"{errand.owner}: {traceback.format_exc()}\n")
            return WRONG
    return DONE


def _load(errand: Errand) -> None:
    """Do what the DAG ingest_<stream> does up to its audit."""
    stream = errand.contract.stream
    clock = SimpleNamespace(time=lambda: errand.clock.now(wrong_by=errand.wrong_by))
    with (
        patch.object(tasks, "_contract", lambda _: errand.contract),
        patch.object(tasks, "time", clock),
        # Eight tries of a request take half a minute of waiting, of which nothing is learnt.
        patch.object(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda self, context: 0.02),
    ):
        tasks.discover_objects(stream=stream, run_id=errand.owner)
        tasks.load_objects(stream=stream, run_id=errand.owner)


class _Hooks:
    """Sees each call of AWS in this process, and strikes the process at the one that was chosen."""

    def __init__(self, errand: Errand, *, note: Callable[[str], object]) -> None:
        self._strike = errand.strike
        self._note = note
        self._met = Counter[str]()
        self._statements: dict[str, str] = {}

    def install(self) -> None:
        """Let clients that are made from now on tell of their calls: all sessions have the same hooks."""
        events = clients.new_session().events
        for service in _SERVICES:
            events.register(f"provide-client-params.{service}", self._before)
            events.register(f"after-call.{service}", self._after)

    def _before(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        service = model.service_model.endpoint_prefix
        context["point"] = point_of_call(service, model.name, params)
        if context["point"]:
            self._meet(f"before {context['point']}")

    def _after(self, http_response: Any, parsed: Mapping[str, Any], model: Any, context: Any, **_: Any) -> None:
        if http_response.status_code >= 300:
            return
        point = context.get("point")
        if model.name == "GetQueryExecution":
            self._see(parsed["QueryExecution"])
        elif model.name == "StartQueryExecution":
            self._statements[parsed["QueryExecutionId"]] = point
            self._note(f"{BEGUN} {parsed['QueryExecutionId']}")
            self._meet(f"amid {point}")
        elif point:
            self._meet(f"after {point}")

    def _see(self, execution: Mapping[str, Any]) -> None:
        state, query_id = execution["Status"]["State"], execution["QueryExecutionId"]
        if state in _FINAL:
            self._note(f"{ENDED} {query_id}")
        if state != "SUCCEEDED":
            return
        point = self._statements[query_id]
        if point == "athena drop" and self._strike and self._strike.where.endswith("s3 delete"):
            _leave_a_file(execution["Query"])
        self._meet(f"after {point}")

    def _meet(self, point: str) -> None:
        self._note(point)
        self._met[point] += 1
        strike = self._strike
        if strike and strike.where == point and strike.nth == self._met[point]:
            self._note(f"{strike.what.name} {point}")
            os.kill(os.getpid(), strike.what)


def _leave_a_file(drop: str) -> None:
    """Leave what a statement that failed or lives on may write below the place of a table that was dropped."""
    table = sqlglot.parse_one(drop, dialect="athena").find(exp.Table)
    assert table is not None
    key = f"scratch/{table.name}/late.parquet"
    clients.client("s3").put_object(Bucket=Settings.from_environment().lake_bucket, Key=key, Body=b"")
