"""Customers with finished extracts, the requests they send at each other, and a search of every byte they got back."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from fastapi import FastAPI

from tests.isolation.attempts import Attempt, Customer, attempts


@dataclass
class Result:
    """How many attempts of each kind were made, how many were counted out, and what went wrong."""

    made: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    wrongs: list[str] = field(default_factory=list)


async def try_all(app: FastAPI, customers: Sequence[Customer], *, most: int, seed: int, folder: Path) -> Result:
    """Send up to `most` attempts between random pairs; all that comes back is written below `folder`, a file a reader.

    A file `<digits>.blind` holds answers to requests that name no id of another's, `<digits>.named` the others.
    """
    chosen, result = random.Random(seed), Result()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        number = 0
        while sum(result.made.values()) < most:
            attacker, victim = chosen.sample(list(customers), 2)
            number += 1
            for attempt in attempts(attacker, victim, number):
                await _try(client, attempt, attacker, folder, result)
    return result


async def _try(client: httpx.AsyncClient, attempt: Attempt, attacker: Customer, folder: Path, result: Result) -> None:
    headers = {"Authorization": f"Bearer {attempt.token}", **attempt.headers}
    request = client.build_request(attempt.method, attempt.path, headers=headers, json=attempt.body)
    answer = await client.send(request, follow_redirects=False)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        result.throttled += 1
        await asyncio.sleep(0)
        return
    result.made[attempt.kind] += 1
    if answer.status_code not in attempt.allowed:
        result.wrongs.append(f"{attempt.kind}: {attempt.method} {attempt.path} answered {answer.status_code}")
    received = folder / f"{attacker.digits}.{'named' if attempt.named else 'blind'}"
    head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    with received.open("ab") as file:
        file.write(f"{answer.status_code}\n{head}\n".encode() + answer.content + b"\n")


def foreign_canaries(folder: Path) -> Iterator[str]:
    """Yield what `grep` finds in the files of `try_all` that is not their reader's own.

    In answers to requests that named another's id that id may be repeated, and nothing else.
    """
    for path in sorted(folder.iterdir()):
        pattern = r"cny[0-9]{6}" if path.suffix == ".named" else r"c(ny|id)[0-9]{6}"
        found = subprocess.run(["grep", "-aoE", pattern, str(path)], capture_output=True, text=True, check=False).stdout
        yield from (f"{path.name}: {token}" for token in sorted(set(found.split())) if token[3:] != path.stem)
