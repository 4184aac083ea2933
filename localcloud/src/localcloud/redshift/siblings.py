"""The databases of one namespace, as CREATE, ALTER and DROP DATABASE change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.redshift.engine.database import check_name
from localcloud.redshift.engine.isolation import SNAPSHOT
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.limits import refuse_overuse

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session
    from localcloud.redshift.namespaces import Namespace, Registry

FIRST_DATABASE = "dev"
"""A database that every namespace has."""


class NamespaceDatabases:
    """See engine.database.Siblings."""

    def __init__(self, registry: Registry, namespace: Namespace) -> None:
        self._registry = registry
        self._namespace = namespace

    def refuse_overuse(self) -> None:
        names = {w.name for w in list(self._registry.workgroups.values()) if w.namespace == self._namespace.name}
        limits = [limit for limit in list(self._registry.usage_limits.values()) if limit.workgroup in names]
        refuse_overuse(limits, self._registry.meter(self._namespace))

    def session(self, name: str, user: str) -> Session:
        return self._registry.open(self._namespace, name, user)

    def levels(self) -> dict[str, str]:
        return {self._namespace.database: SNAPSHOT, FIRST_DATABASE: SNAPSHOT} | self._namespace.databases

    def create(self, name: str, level: str) -> None:
        with self._registry.lock:
            if name in self.levels():
                raise RedshiftError("42P04", f'database "{name}" already exists')
            check_name(name)
            self._namespace.databases[name] = level
            self._registry.save()

    def alter(self, name: str, level: str) -> None:
        with self._registry.lock:
            self._require(name)
            self._namespace.databases[name] = level
            self._registry.save()
            opened = self._registry.opened(self._namespace, name)
            if opened is not None:
                opened.isolation.level = level

    def drop(self, name: str, *, force: bool) -> None:
        with self._registry.lock:
            self._require(name)
            if name in (self._namespace.database, FIRST_DATABASE):
                raise RedshiftError("42501", f'database "{name}" belongs to the namespace and can\'t be dropped')
            opened = self._registry.opened(self._namespace, name)
            if opened is not None and opened.sessions and not force:
                raise RedshiftError("55006", f'database "{name}" is being accessed by other users')
            del self._namespace.databases[name]
            self._registry.save()
            self._registry.forget(self._namespace, name)

    def _require(self, name: str) -> None:
        if name not in self.levels():
            raise RedshiftError("3D000", f'database "{name}" does not exist')
