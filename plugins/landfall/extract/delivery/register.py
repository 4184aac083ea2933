"""The register of destinations: one item a customer and name, written by staff alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

from landfall.aws.dynamodb import Change, ItemTable
from landfall.errors import DestinationError, RequestError
from landfall.extract.delivery.destination import Destination
from landfall.extract.door.options import shown
from landfall.extract.door.request import ExtractRequest
from landfall.settings import Settings


class Table(Protocol):
    """What the register asks of `landfall.aws.dynamodb.ItemTable`."""

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None: ...

    def change(self, change: Change) -> bool: ...

    def delete(self, key: Mapping[str, str]) -> None: ...

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]: ...


class Register:
    """The destinations of one deployment."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def of(cls, settings: Settings) -> Register:
        """Return the register of a deployment."""
        return cls(ItemTable(name=settings.destination_table))

    def find(self, customer_id: str, name: str) -> Destination | None:
        """Return a customer's destination, None if there is none of that name."""
        item = self._table.read(_key(customer_id, name))
        return Destination.from_json(item) if item else None

    def of_customer(self, customer_id: str) -> Iterator[Destination]:
        """Yield a customer's destinations by name."""
        found = self._table.select(equals=("customer_id", customer_id))
        yield from (Destination.from_json(item) for item in found)

    def add(self, destination: Destination) -> None:
        """Write a new destination. Raises DestinationError if the customer has one of that name.

        None is ever changed: what an extract was asked for, and delivered to, stays what it was.
        """
        key = _key(destination.customer_id, destination.name)
        values = {name: value for name, value in destination.to_json().items() if name not in key}
        if not self._table.change(Change(key=key, values=values, expected={"created_at": None})):
            raise DestinationError(
                f"name: {destination.customer_id} has a destination {destination.name!r} already; remove it, or use "
                "another name"
            )

    def get(self, customer_id: str, name: str) -> Destination:
        """Return a customer's destination. Raises DestinationError if there is none of that name."""
        found = self.find(customer_id, name)
        if found is None:
            raise DestinationError(
                f"name: {shown(customer_id)} has no destination {shown(name)}; `landfall destination list` shows them"
            )
        return found

    def remove(self, customer_id: str, name: str) -> Destination:
        """Remove a destination and return it; extracts that are under way keep it. Raises as `get` does."""
        found = self.get(customer_id, name)
        self._table.delete(_key(customer_id, name))
        return found


def destination_of(request: ExtractRequest, *, settings: Settings) -> Destination | None:
    """Return where `request` wants its files, None for the extracts bucket and its own key.

    Raises RequestError for a name that is not one of the customer's, whether or not another customer has it.
    """
    if request.destination is None:
        return None
    found = Register.of(settings).find(request.customer_id, request.destination)
    return found if found is not None else _unknown(request.destination)


def _unknown(name: str) -> NoReturn:
    raise RequestError(
        f"destination: {shown(name)} is none that staff have registered for this customer; leave it empty for the "
        "extracts bucket, or have it registered"
    )


def _key(customer_id: str, name: str) -> dict[str, str]:
    return {"customer_id": customer_id, "name": name}
