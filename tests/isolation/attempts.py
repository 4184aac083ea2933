"""What one customer's key can be used for to get at another customer's extracts over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DATA_CANARY: Final = "cny{}"
"""With a customer's digits: in its requests, manifests and files, and known to nobody else."""

ID_CANARY: Final = "cid{}"
"""With a customer's digits: in the ids of its extracts, which others are told in order to try them."""


@dataclass
class Customer:
    """A customer and what others have got hold of: ids, ETags, a cursor, an idempotency key and its body."""

    customer_id: str
    tokens: list[str]
    extract_ids: list[str]
    idempotency_key: str
    body: dict[str, Any]
    etags: list[str] = field(default_factory=list)
    cursor: str = ""
    key_ids: list[str] = field(default_factory=list)

    @property
    def digits(self) -> str:
        return self.customer_id.removeprefix("cus_")

    @property
    def canary(self) -> str:
        return DATA_CANARY.format(self.digits)


@dataclass(frozen=True)
class Attempt:
    """One request of `attacker` for something of `victim`. `named`: it holds an id that is the victim's.

    `allowed` are the statuses that give nothing away; a 2xx among them is about the attacker's own things.
    """

    kind: str
    method: str
    path: str
    token: str
    allowed: frozenset[int]
    named: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


_NOT_THERE: Final = frozenset({404})
_ROUTES: Final = (
    ("GET", ""),
    ("POST", "/cancel"),
    ("GET", "/manifest"),
    ("GET", "/manifest/signature"),
    ("GET", "/files/0"),
    ("GET", "/files/1"),
    ("DELETE", ""),
)
_HEADERS: Final = (
    "X-Customer-Id",
    "X-Forwarded-User",
    "X-Original-URL",
    "X-HTTP-Method-Override",
    "X-Landfall-Customer",
    "Forwarded",
)


def attempts(attacker: Customer, victim: Customer, number: int) -> Iterator[Attempt]:
    """Yield every way to try; `number` chooses among the keys and extracts that there are."""
    token = attacker.tokens[number % len(attacker.tokens)]
    own, foreign = (each.extract_ids[number % len(each.extract_ids)] for each in (attacker, victim))
    for make in (_by_id, _by_cache, _by_path, _by_list, _by_idempotency, _by_body, _by_key, _by_header):
        yield from make(token, own, foreign, attacker, victim)


_Made = Iterator[Attempt]


def _by_id(token: str, _own: str, foreign: str, _attacker: Customer, _victim: Customer) -> _Made:
    for method, rest in _ROUTES:
        yield Attempt("id", method, f"/v1/extracts/{foreign}{rest}", token, _NOT_THERE, named=True)


def _by_cache(token: str, own: str, foreign: str, _attacker: Customer, victim: Customer) -> _Made:
    """A 304 would tell that the answer is known, and so that it is there."""
    for etag in (*victim.etags, "*"):
        headers = {"If-None-Match": etag}
        for rest in ("", "/manifest"):
            yield Attempt("cache", "GET", f"/v1/extracts/{foreign}{rest}", token, _NOT_THERE, True, headers)
    for etag in victim.etags:
        yield Attempt("cache", "GET", f"/v1/extracts/{own}", token, frozenset({200}), headers={"If-None-Match": etag})


def _by_path(token: str, own: str, foreign: str, _attacker: Customer, victim: Customer) -> _Made:
    refused = frozenset({404, 405, 422})
    for step in ("%2e%2e", "..%2f", "%2e%2e%2f", "..;", "%00", "%252e%252e%252f"):
        yield Attempt("path", "GET", f"/v1/extracts/{own}/{step}/{foreign}/manifest", token, refused, named=True)
        yield Attempt("path", "GET", f"/v1/extracts/{own}%2f{step}%2f{foreign}", token, refused, named=True)
    for end in ("/", "//manifest", "/files/-1", "/files/0%2f", "/manifest.json", f"/files/{victim.customer_id}"):
        yield Attempt("path", "GET", f"/v1/extracts/{foreign}{end}", token, refused, named=True)
    yield Attempt("path", "GET", f"/v1/extracts/{victim.customer_id}%2f{foreign}", token, refused, named=True)


def _by_list(token: str, _own: str, _foreign: str, _attacker: Customer, victim: Customer) -> _Made:
    refused, listed = frozenset({400, 403, 422}), frozenset({200})
    for name in (victim.customer_id, f"{victim.customer_id}%00", f"{victim.customer_id.upper()}"):
        yield Attempt("list", "GET", f"/v1/extracts?customer_id={name}", token, refused)
    yield Attempt("list", "GET", f"/v1/extracts?cursor={victim.cursor}", token, listed)
    yield Attempt("list", "GET", f"/v1/extracts?cursor={victim.cursor}&limit=100&state=done", token, listed)
    yield Attempt("list", "GET", f"/v1/extracts?limit=100&customer={victim.customer_id}", token, listed)


def _by_idempotency(token: str, _own: str, _foreign: str, attacker: Customer, victim: Customer) -> _Made:
    headers = {"Idempotency-Key": victim.idempotency_key}
    for body in (victim.body, attacker.body):
        asked = {name: value for name, value in body.items() if name != "customer_id"}
        # 422 once the attacker has used the key for another body: by then it is the attacker's own.
        yield Attempt("idempotency", "POST", "/v1/extracts", token, frozenset({202, 422}), headers=headers, body=asked)
    yield Attempt("idempotency", "POST", "/v1/extracts", token, frozenset({403}), headers=headers, body=victim.body)


def _by_body(token: str, _own: str, foreign: str, attacker: Customer, victim: Customer) -> _Made:
    for customer in (
        victim.customer_id,
        [victim.customer_id],
        {"$ne": ""},
        f"{attacker.customer_id} {victim.customer_id}",
    ):
        for path in ("/v1/extracts", "/v1/extracts/preflight"):
            yield Attempt(
                "body", "POST", path, token, frozenset({400, 403}), body={**attacker.body, "customer_id": customer}
            )
    # `since` takes an id too, which the run looks at: tests/integration/extract/test_increments.py.
    for name in ("extract_id", "run_id", "requested_by", "manifest", "base"):
        yield Attempt(
            "body", "POST", "/v1/extracts", token, frozenset({400}), True, body={**attacker.body, name: foreign}
        )


def _by_key(token: str, _own: str, foreign: str, _attacker: Customer, victim: Customer) -> _Made:
    """Another's key id with one's own secret, and what is almost a key."""
    secret = token.rpartition("_")[2]
    for key_id in victim.key_ids:
        for forged in (f"lfk_{key_id}_{secret}", f"lfk_{key_id}_{'0' * 64}", f"lfk_{key_id}_", f"lfk_{key_id}"):
            yield Attempt("key", "GET", f"/v1/extracts/{foreign}", forged, frozenset({401}), named=True)


def _by_header(token: str, _own: str, foreign: str, _attacker: Customer, victim: Customer) -> _Made:
    for name in _HEADERS:
        headers = {name: f"/v1/extracts/{foreign}" if "URL" in name else victim.customer_id}
        yield Attempt("header", "GET", f"/v1/extracts/{foreign}/manifest", token, _NOT_THERE, True, headers)
        yield Attempt("header", "GET", "/v1/extracts?limit=100", token, frozenset({200}), headers=headers)


def manifest_of(extract_id: str, customer: Customer) -> bytes:
    """Return a manifest whose every word of the customer's is a canary."""
    file = {"path": f"attempt-1/{customer.canary}.csv.gz", "rows": 3, "bytes": 9, "sha256": customer.canary}
    document = {"extract_id": extract_id, "customer_id": customer.customer_id, "files": [file, file]}
    return json.dumps({**document, "signature": {"path": f"manifest-{customer.canary}.sig"}}).encode()
