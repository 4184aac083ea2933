"""What must not be guessed: made once for a state, kept in a file that only its owner reads."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Replace `file` by `text` in one step, readable by its owner only."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    draft.replace(file)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The generated secrets of one stack."""

    airflow_password: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(15))
    jwt_secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(48))
    api_secret_key: str = field(repr=False, default_factory=lambda: secrets.token_hex(32))
    fernet_key: str = field(repr=False, default_factory=_fernet_key)

    @classmethod
    def load_or_create(cls, file: Path) -> Secrets:
        """Read the secrets from `file`, or generate and keep them there."""
        if file.exists():
            return cls(**json.loads(file.read_text()))
        created = cls()
        write_private(file, json.dumps(asdict(created)))
        return created
