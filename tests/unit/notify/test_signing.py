"""Signatures as Standard Webhooks has them."""

from __future__ import annotations

import pytest
from landfall.notify.signing import headers, new_secret

from .receiver import accepts

# The example of the specification's reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
NOW = 1_614_265_330


def test_a_signature_is_that_of_the_specification() -> None:
    made = headers(message_id=SIGNED["webhook-id"], timestamp=NOW, body=BODY, keys=[SECRET])
    assert made == SIGNED
    assert accepts(SIGNED, BODY, key=SECRET, now=NOW)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, b'{"test": 2432232315}', NOW),
        ({"webhook-id": "msg_other"}, BODY, NOW),
        ({"webhook-timestamp": "1614265331"}, BODY, NOW),
        ({"webhook-signature": "v1,AAAA"}, BODY, NOW),
        ({"webhook-signature": ""}, BODY, NOW),
        ({"webhook-timestamp": "soon"}, BODY, NOW),
        ({}, BODY, NOW + 301),
        ({}, BODY, NOW - 301),
    ],
)
def test_what_was_changed_or_is_old_is_refused(changed: dict[str, str], body: bytes, now: int) -> None:
    assert not accepts(SIGNED | changed, body, key=SECRET, now=now)


def test_while_a_key_is_replaced_both_fit_and_a_third_does_not() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    sent = headers(message_id="m", timestamp=NOW, body=BODY, keys=[new, old])
    for key in (new, old):
        assert accepts(sent, BODY, key=key, now=NOW)
    assert not accepts(sent, BODY, key=other, now=NOW)
