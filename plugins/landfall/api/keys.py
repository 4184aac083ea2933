"""API keys: `lfk_<id>_<secret>`, shown once and kept as a hash; each for one customer, some products, some time.

A secret is 256 random bits, so one round of SHA-256 without salt keeps it: nobody can try them all, and no two are
alike (NIST SP 800-63B, 5.1.2.2, on secrets of at least 112 bits; slow hashes are for what people choose).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from landfall.aws.dynamodb import Change, ItemTable
from landfall.errors import ApiKeyError
from landfall.extract.records.record import timestamp
from landfall.settings import Settings

BY_CUSTOMER: Final = "by_customer"
LONGEST_DAYS: Final = 366
GRACE_HOURS: Final = 24
"""How long a rotated key is still taken, so that its successor can be brought to where it is used."""

_TOKEN: Final = re.compile(r"lfk_([0-9a-f]{16})_([0-9a-f]{64})")
_NO_HASH: Final = hashlib.sha256(b"").hexdigest()


class Table(Protocol):
    """What the store asks of `landfall.aws.dynamodb.ItemTable`."""

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None: ...

    def change(self, change: Change) -> bool: ...

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]: ...

    def count(self, key: Mapping[str, str], *, window: int, values: Mapping[str, Any]) -> int: ...


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key without its secret. Times are UTC in ISO 8601; `products` is empty for all; `pii`: unmasked is allowed.

    A rotated key and its successors are of one `family`: to the API they are the same caller.
    """

    key_id: str
    family: str
    secret_sha256: str = field(repr=False)
    customer_id: str
    name: str
    products: tuple[str, ...]
    pii: bool
    created_at: str
    created_by: str
    expires_at: str
    revoked_at: str | None = None
    last_used_at: str | None = None

    def is_valid_at(self, now: datetime) -> bool:
        """Tell whether the key opens anything at `now`."""
        return self.revoked_at is None and timestamp(now) < self.expires_at

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ApiKey:
        """Return the key of an item of DynamoDB."""
        known = {field.name: item[field.name] for field in fields(cls) if field.name in item}
        return cls(**{**known, "products": tuple(item["products"])})


class ApiKeyStore:
    """The keys of one deployment."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def of(cls, settings: Settings) -> ApiKeyStore:
        """Return the store of a deployment."""
        return cls(ItemTable(name=settings.api_key_table))

    def create(
        self,
        *,
        customer_id: str,
        name: str,
        products: tuple[str, ...],
        pii: bool,
        days: int,
        created_by: str,
        family: str | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key that expires after `days`; return it and its token, which nobody can be told again."""
        if not 1 <= days <= LONGEST_DAYS:
            raise ApiKeyError(f"days: {days} is out of bounds; use 1 to {LONGEST_DAYS}")
        now = datetime.now(UTC)
        key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
        key = ApiKey(
            key_id=key_id,
            family=family or key_id,
            secret_sha256=_hashed(secret),
            customer_id=customer_id,
            name=name,
            products=products,
            pii=pii,
            created_at=timestamp(now),
            created_by=created_by,
            expires_at=timestamp(now + timedelta(days=days)),
        )
        self._write(key)
        return key, f"lfk_{key_id}_{secret}"

    def rotate(self, key_id: str, *, days: int, rotated_by: str) -> tuple[ApiKey, str]:
        """Make a successor with the same scope; `key_id` itself is taken for GRACE_HOURS more.

        Raises ApiKeyError for a key that is unknown or opens nothing any more.
        """
        now = datetime.now(UTC)
        old = self._valid(key_id, now)
        made, token = self.create(
            customer_id=old.customer_id,
            name=old.name,
            products=old.products,
            pii=old.pii,
            days=days,
            created_by=rotated_by,
            family=old.family,
        )
        self._set(old.key_id, expires_at=min(old.expires_at, timestamp(now + timedelta(hours=GRACE_HOURS))))
        return made, token

    def revoke(self, key_id: str) -> ApiKey:
        """Close a key at once and for good. Raises ApiKeyError for an unknown one."""
        found = self._known(key_id)
        if found.revoked_at is None:
            self._set(key_id, revoked_at=timestamp(datetime.now(UTC)))
        return self._known(key_id)

    def of_customer(self, customer_id: str) -> Iterator[ApiKey]:
        """Yield a customer's keys, those without effect too."""
        found = self._table.select(equals=("customer_id", customer_id), index=BY_CUSTOMER)
        yield from (ApiKey.from_item(item) for item in found)

    def authenticate(self, token: str, *, now: datetime) -> ApiKey | None:
        """Return the valid key that `token` belongs to, None for anything else.

        An unknown id costs what a wrong secret costs: one read and one comparison in constant time.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        item = self._table.read({"key_id": match[1]})
        expected = str(item["secret_sha256"]) if item else _NO_HASH
        fits = hmac.compare_digest(_hashed(match[2]), expected)
        if item is None or not fits:
            return None
        key = ApiKey.from_item(item)
        return key if key.is_valid_at(now) else None

    def count_use(self, key: ApiKey, *, window: int, now: datetime) -> int:
        """Count a request in its `window`, note the use, and return how many the window has had with this one.

        The count is one for all processes that serve the API.
        """
        return self._table.count({"key_id": key.key_id}, window=window, values={"last_used_at": timestamp(now)})

    def _write(self, key: ApiKey) -> None:
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(key).items()
            if name != "key_id" and value is not None
        }
        if not self._table.change(Change(key={"key_id": key.key_id}, values=values, expected={"created_at": None})):
            raise ApiKeyError(f"key_id: {key.key_id} is in use; try again")

    def _set(self, key_id: str, **values: Any) -> None:
        known = self._known(key_id)
        self._table.change(Change(key={"key_id": key_id}, values=values, expected={"created_at": known.created_at}))

    def _known(self, key_id: str) -> ApiKey:
        item = self._table.read({"key_id": key_id})
        if item is None:
            raise ApiKeyError(f"key_id: {key_id[:40]!r} is unknown; `landfall api-key list` shows a customer's keys")
        return ApiKey.from_item(item)

    def _valid(self, key_id: str, now: datetime) -> ApiKey:
        found = self._known(key_id)
        if not found.is_valid_at(now):
            raise ApiKeyError(f"key_id: {key_id} has expired or is revoked; create a new one")
        return found


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
