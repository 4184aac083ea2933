"""Namespaces, workgroups and logins of the local Redshift Serverless, kept in one JSON file of the state folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.lake.session import Lake, LakeSettings
from localcloud.redshift.engine.database import Database
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError

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
        self._state_dir = state_dir
        self._path = state_dir / "redshift-serverless.json"
        self._lake = lake
        self._settings = settings
        self._temporary: list[TemporaryLogin] = []
        self._databases: dict[tuple[str, str], Database] = {}
        self.lock = threading.RLock()
        if self._path.exists():
            stored = json.loads(self._path.read_text())
            self.namespaces = {entry["name"]: Namespace(**entry) for entry in stored["namespaces"]}
            self.workgroups = {entry["name"]: Workgroup(**entry) for entry in stored["workgroups"]}

    def save(self) -> None:
        """Write the state file whole, replacing the old one atomically."""
        with self.lock:
            content = {
                "namespaces": [asdict(namespace) for namespace in self.namespaces.values()],
                "workgroups": [asdict(workgroup) for workgroup in self.workgroups.values()],
            }
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(content, indent=1))
            fresh.replace(self._path)

    def database(self, namespace: Namespace, name: str) -> Database:
        """A namespace's database; raises RedshiftError 3D000 for a name it has not."""
        if name not in (namespace.database, "dev"):
            raise RedshiftError("3D000", f'database "{name}" does not exist')
        with self.lock:
            key = (namespace.id, name)
            if key not in self._databases:
                path = self._state_dir / "databases" / namespace.id / f"{name}.duckdb"
                self._databases[key] = Database(path=path, name=name, lake=self._lake, settings=self._settings)
            return self._databases[key]

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
        return password, expires_at

    def login(self, *, database: str, user: str, salt: bytes, answer: str) -> Session:
        """See wire.server.Door. All namespaces share the port: the login tells which of them is meant."""
        for namespace, stored in self._hashes(user):
            expected = "md5" + hashlib.md5(stored.encode() + salt, usedforsecurity=False).hexdigest()
            if hmac.compare_digest(expected.encode(), answer.encode()):
                return self.open(namespace, database, user)
        raise RedshiftError("28000", f'password authentication failed for user "{user}"')

    def check_password(self, namespace: Namespace, user: str, password: str) -> bool:
        wanted = password_hash(user, password)
        return any(
            entry.name == namespace.name and hmac.compare_digest(stored, wanted) for entry, stored in self._hashes(user)
        )

    def open(self, namespace: Namespace, database: str, user: str) -> Session:
        """A session of a user whose identity is established."""
        return Session(database=self.database(namespace, database), user=user)

    def _hashes(self, user: str) -> list[tuple[Namespace, str]]:
        with self.lock:
            found = [(n, n.password_hash) for n in self.namespaces.values() if n.admin_user == user]
            now = time.time()
            found += [
                (self.namespaces[login.namespace], login.password_hash)
                for login in self._temporary
                if login.user == user and login.expires_at > now and login.namespace in self.namespaces
            ]
            return found

    def close(self) -> None:
        """Checkpoint every open database and save."""
        with self.lock:
            for database in self._databases.values():
                database.close()
            self.save()
