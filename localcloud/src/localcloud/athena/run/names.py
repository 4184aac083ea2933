"""Names in statements that are read by pattern."""

from __future__ import annotations

NAME = r"[`\"]?([\w$-]+)[`\"]?"
"""One name, quoted or not; one group."""

QUALIFIED = rf"(?:[`\"]?awsdatacatalog[`\"]?\.)?(?:{NAME}\.)?{NAME}"
"""A table's name with its database and the catalog, both optional; groups database and name."""
