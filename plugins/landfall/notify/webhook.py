"""One POST of a signed webhook to the address that was checked."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from typing import Final

from landfall.errors import DeliveryError
from landfall.notify import signing
from landfall.notify.addresses import Destination

MOST_SECONDS: Final = 15.0
"""How long a receiver may take from first to last: it should note the event and work on it later."""

_GONE: Final = 410


async def send(
    destination: Destination,
    *,
    message_id: str,
    body: bytes,
    keys: Sequence[str],
    port: int = 443,
    context: ssl.SSLContext | None = None,
) -> None:
    """Send `body` to `destination`, signed by each of `keys`.

    Redirects are not followed and nothing of the answer but its status is read, so that a receiver can neither lead the
    sender elsewhere nor keep it. Raises DeliveryError unless the answer is 2xx; `for_good` when it is 410, by which a
    receiver says that it wants no more.
    """
    headers = {
        "host": destination.host,
        "content-type": "application/json",
        "user-agent": "Landfall-Webhooks/1",
        **signing.headers(message_id=message_id, timestamp=int(time.time()), body=body, keys=keys),
    }
    shown = f"[{destination.ip}]" if destination.ip.version == 6 else f"{destination.ip}"
    url = f"https://{shown}:{port}{destination.target}"
    status = await _status(url, body=body, headers=headers, host=destination.host, context=context)
    if not 200 <= status < 300:
        raise DeliveryError(f"{destination.host} answered {status}", for_good=status == _GONE)


async def _status(url: str, *, body: bytes, headers: dict[str, str], host: str, context: ssl.SSLContext | None) -> int:
    """Return the status of one POST, connected to the address in `url` while the certificate must be that of `host`."""
    import httpx  # comes with Airflow; takes a while to import

    trusted = context or ssl.create_default_context()
    try:
        async with (
            asyncio.timeout(MOST_SECONDS),
            # No proxy of the environment: it would resolve and connect in our stead.
            httpx.AsyncClient(verify=trusted, timeout=MOST_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            return int(answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise DeliveryError(f"{host} could not be reached: {type(error).__name__}") from error
