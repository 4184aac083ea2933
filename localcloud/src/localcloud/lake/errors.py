"""What can be wrong with a lake table, in words both engines can pass on."""

from __future__ import annotations


class LakeError(Exception):
    """A statement on the lake failed; `code` is the engine's error name, such as TABLE_NOT_FOUND."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class NotSupportedError(LakeError):
    """The real service can do this and the local cloud cannot."""

    def __init__(self, what: str) -> None:
        super().__init__("NOT_SUPPORTED", f"{what} is not supported by the local cloud")


class TableNotFoundError(LakeError):
    """No such table or view in Glue."""

    def __init__(self, database: str, table: str) -> None:
        super().__init__("TABLE_NOT_FOUND", f"Table 'awsdatacatalog.{database}.{table}' does not exist")


class BadDataError(LakeError):
    """A stored object cannot be read as the table says."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__("HIVE_BAD_DATA", f"Error reading {path}: {reason}")
