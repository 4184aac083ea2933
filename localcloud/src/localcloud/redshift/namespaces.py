"""Namespaces, workgroups and logins of the local Redshift Serverless, kept in one JSON file of the state folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.lake.session import Lake, LakeSettings
from localcloud.redshift.engine.database import Database
from localcloud.redshift.engine.session import Session
from localcloud.redshift.engine.usage import DEFAULT_CAPACITY, Meter
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.limits import UsageLimit
from localcloud.redshift.siblings import NamespaceDatabases

ACCOUNT = "000000000000"
IAM_USER = "IAM:RootIdentity"
"""Database user of an API caller who gives no secret."""


@dataclass
class Namespace:
    """Storage and logins. `password_hash` is hex MD5 of password + user name, all that MD5 authentication needs."""

    name: str
    database: str
    admin_user: str
    password_hash: str = field(repr=False)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    details: dict[str, Any] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    """Isolation levels by database: what CREATE DATABASE and ALTER DATABASE said, the rest being the default."""


@dataclass
class Workgroup:
    """Compute that answers for one namespace; `details` are the request's fields that only need to be given back."""

    name: str
    namespace: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TemporaryLogin:
    """What GetCredentials gave out: valid until `expires_at` (Unix seconds)."""

    user: str
    password_hash: str = field(repr=False)
    namespace: str
    expires_at: float


def password_hash(user: str, password: str) -> str:
    """Hex MD5 of password + user name, as PostgreSQL stores it."""
    return hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()


class Registry:
    """All namespaces and workgroups; thread-safe. Databases are opened on first use."""

    def __init__(self, *, state_dir: Path, wire_port: int, lake: Lake, settings: LakeSettings) -> None:
        self.wire_port = wire_port
        self.region = settings.region
        self.namespaces: dict[str, Namespace] = {}
        self.workgroups: dict[str, Workgroup] = {}
        self.usage_limits: dict[str, UsageLimit] = {}
        self._state_dir = state_dir
        self._path = state_dir / "redshift-serverless.json"
        self._lake = lake
        self._settings = settings
        self._temporary: list[TemporaryLogin] = []
        self._databases: dict[tuple[str, str], Database] = {}
        self._meters: dict[str, Meter] = {}
        self.lock = threading.RLock()
        if self._path.exists():
            stored = json.loads(self._path.read_text())
            self.namespaces = {entry["name"]: Namespace(**entry) for entry in stored["namespaces"]}
            self.workgroups = {entry["name"]: Workgroup(**entry) for entry in stored["workgroups"]}
            self.usage_limits = {entry["id"]: UsageLimit(**entry) for entry in stored.get("usage_limits", [])}
            self._temporary = [TemporaryLogin(**entry) for entry in stored.get("temporary_logins", [])]

    def save(self) -> None:
        """Write the state file whole, replacing the old one atomically."""
        with self.lock:
            content = {
                "namespaces": [asdict(namespace) for namespace in self.namespaces.values()],
                "workgroups": [asdict(workgroup) for workgroup in self.workgroups.values()],
                "usage_limits": [asdict(limit) for limit in self.usage_limits.values()],
                "temporary_logins": [asdict(login) for login in self._temporary],
            }
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(content, indent=1))
            fresh.replace(self._path)

    def database(self, namespace: Namespace, name: str) -> Database:
        """A namespace's database; raises RedshiftError 3D000 for a name it has not."""
        siblings = self._siblings(namespace)
        with self.lock:
            level = siblings.levels().get(name)
            if level is None:
                raise RedshiftError("3D000", f'database "{name}" does not exist')
            key = (namespace.id, name)
            if key not in self._databases:
                path = self._state_dir / "databases" / namespace.id / f"{name}.duckdb"
                self._databases[key] = Database(
                    path=path,
                    name=name,
                    lake=self._lake,
                    settings=self._settings,
                    meter=self.meter(namespace),
                    siblings=siblings,
                )
                self._databases[key].isolation.level = level
            return self._databases[key]

    def opened(self, namespace: Namespace, name: str) -> Database | None:
        """A database that is open already."""
        return self._databases.get((namespace.id, name))

    def forget(self, namespace: Namespace, name: str) -> None:
        """Close a database and delete its files."""
        with self.lock:
            database = self._databases.pop((namespace.id, name), None)
            if database is not None:
                database.close()
            for path in (self._state_dir / "databases" / namespace.id).glob(f"{name}.duckdb*"):
                path.unlink()

    def meter(self, namespace: Namespace) -> Meter:
        """What counts the use of the namespace's workgroup."""
        with self.lock:
            if namespace.id not in self._meters:
                path = self._state_dir / "usage" / f"{namespace.id}.json"
                self._meters[namespace.id] = Meter(path=path, capacity=lambda: self._capacity(namespace))
            return self._meters[namespace.id]

    def _capacity(self, namespace: Namespace) -> float:
        """RPUs of the workgroup that answers for the namespace."""
        found = [w for w in list(self.workgroups.values()) if w.namespace == namespace.name]
        return float(found[0].details.get("baseCapacity", DEFAULT_CAPACITY)) if found else DEFAULT_CAPACITY

    def _siblings(self, namespace: Namespace) -> NamespaceDatabases:
        return NamespaceDatabases(self, namespace)

    def remove_namespace(self, name: str) -> Namespace:
        """Forget a namespace and delete its databases."""
        with self.lock:
            namespace = self.namespaces.pop(name)
            for key in [key for key in self._databases if key[0] == namespace.id]:
                self._databases.pop(key).close()
            for path in (self._state_dir / "databases" / namespace.id).glob("*"):
                path.unlink()
            self.save()
            return namespace

    def temporary_login(self, namespace: Namespace, user: str, seconds: int) -> tuple[str, float]:
        """A password for `user` and when it expires (Unix seconds)."""
        password, expires_at = secrets.token_urlsafe(24), time.time() + seconds
        with self.lock:
            self._temporary = [login for login in self._temporary if login.expires_at > time.time()]
            self._temporary.append(TemporaryLogin(user, password_hash(user, password), namespace.name, expires_at))
            self.save()
        return password, expires_at

    def login(self, *, database: str, user: str, salt: bytes, answer: str) -> Session:
        """See wire.server.Door. All namespaces share the port: the login tells which of them is meant."""
        for namespace, stored in self._hashes(user, database):
            expected = "md5" + hashlib.md5(stored.encode() + salt, usedforsecurity=False).hexdigest()
            if hmac.compare_digest(expected.encode(), answer.encode()):
                return self.open(namespace, database, user)
        raise RedshiftError("28000", f'password authentication failed for user "{user}"')

    def check_password(self, namespace: Namespace, user: str, password: str) -> bool:
        wanted = password_hash(user, password)
        return any(
            entry.name == namespace.name and hmac.compare_digest(stored, wanted)
            for entry, stored in self._hashes(user, namespace.database)
        )

    def open(self, namespace: Namespace, database: str, user: str) -> Session:
        """A session of a user whose identity is established."""
        return Session(database=self.database(namespace, database), user=user)

    def _hashes(self, user: str, database: str) -> list[tuple[Namespace, str]]:
        """Password hashes that let `user` in: the administrator's, GetCredentials' and those of CREATE USER."""
        with self.lock:
            found = [(n, n.password_hash) for n in self.namespaces.values() if n.admin_user == user]
            now = time.time()
            found += [
                (self.namespaces[login.namespace], login.password_hash)
                for login in self._temporary
                if login.user == user and login.expires_at > now and login.namespace in self.namespaces
            ]
            if not found:
                found = list(self._users_of_sql(user, database))
            return found

    def _users_of_sql(self, user: str, database: str) -> Iterator[tuple[Namespace, str]]:
        for namespace in self.namespaces.values():
            try:
                stored = self.database(namespace, database).password_hash(user)
            except RedshiftError:
                continue
            if stored:
                yield namespace, stored

    def close(self) -> None:
        """Checkpoint every open database and save."""
        with self.lock:
            for database in self._databases.values():
                database.close()
            for meter in self._meters.values():
                meter.close()
            self.save()
