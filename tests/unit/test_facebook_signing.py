import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.signing import (
    facebook_proof,
    facebook_webhook_signature,
    verify_facebook_webhook,
    verify_signed_request,
)
from tests.unit.facebook_vectors import DELIVERIES, ESCAPED, PROOFS, REQUESTS


@pytest.mark.parametrize(("token", "secret", "proof"), PROOFS)
def test_published_proofs_of_tokens(token: str, secret: str, proof: str) -> None:
    assert facebook_proof(token, secret) == proof


@pytest.mark.parametrize(("secret", "body", "digest"), DELIVERIES)
def test_published_signatures_of_deliveries(secret: str, body: bytes, digest: str) -> None:
    assert facebook_webhook_signature(body, secret) == f"sha256={digest}"
    assert verify_facebook_webhook(body, f"sha256={digest}", [secret])
    assert verify_facebook_webhook(body, f"sha256={digest}", ["new secret", secret])
    assert not verify_facebook_webhook(body, f"sha256={digest}", ["new secret"])
    assert not verify_facebook_webhook(body, f"sha256={digest}", [])


def test_delivery_that_was_serialised_again_does_not_verify() -> None:
    again = json.dumps(json.loads(ESCAPED), ensure_ascii=False, separators=(",", ":")).encode()
    given_header = f"sha256={DELIVERIES[4][2]}"
    assert facebook_webhook_signature(again, "app-secret") == (
        "sha256=24f7cde2ea78ccc7105cf805fb8c636255bacd1dd3dfbc0226f8c5d01269a377"
    )
    for body in (again, ESCAPED.upper(), ESCAPED + b"\n", json.dumps(json.loads(ESCAPED)).encode()):
        assert not verify_facebook_webhook(body, given_header, ["app-secret"])


REAL_SECRET, REAL_BODY, REAL_DIGEST = DELIVERIES[0]


@pytest.mark.parametrize(
    "given_header",
    [
        "",
        "sha256=",
        REAL_DIGEST,
        "sha1=3daa41999293ff66c3eb313e04bcf77861bb0276",
        f"sha1={REAL_DIGEST}",
        f"sha256={REAL_DIGEST.upper()}",
        f"SHA256={REAL_DIGEST}",
        f"sha256={REAL_DIGEST[:-1]}",
        f"sha256={REAL_DIGEST}0",
        f"sha256={REAL_DIGEST[:-1]}g",
        f"sha256= {REAL_DIGEST}",
        f"sha256={REAL_DIGEST}, sha256={REAL_DIGEST}",
        f"sha256={DELIVERIES[1][2]}",
        f"sha256={base64.b64encode(bytes.fromhex(REAL_DIGEST)).decode()}",
        "sha256=\ud800é",
    ],
    ids=range(15),
)
def test_delivery_whose_signature_is_not_exactly_right_is_refused(given_header: str) -> None:
    assert not verify_facebook_webhook(REAL_BODY, given_header, [REAL_SECRET])


@pytest.mark.parametrize(("secret", "text", "holds"), REQUESTS)
def test_published_signed_requests(secret: str, text: str, holds: dict[str, Any]) -> None:
    payload = verify_signed_request(text, [secret])
    assert payload is not None
    content = json.loads(payload)
    assert {name: content[name] for name in holds} == holds
    assert content["algorithm"] == "HMAC-SHA256"
    assert verify_signed_request(text, ["new secret", secret]) == payload
    assert verify_signed_request(text, ["new secret"]) is None
    assert verify_signed_request(text, []) is None


@pytest.mark.parametrize(("secret", "text", "_"), REQUESTS)
def test_signed_request_with_one_changed_character_is_refused(secret: str, text: str, _: Any) -> None:
    dot = text.index(".")
    for at in (0, dot // 2, dot + 1, dot + 20):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert verify_signed_request(changed, [secret]) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: ".",
        lambda text: text.replace(".", ""),
        lambda text: text.replace(".", ".."),
        lambda text: text + ".",
        lambda text: f"{text}.{text.partition('.')[2]}",
        lambda text: "." + text.partition(".")[2],
        lambda text: text.partition(".")[0] + ".",
        lambda text: text.partition(".")[0],
        lambda text: "A" + text,
        lambda text: text + "!",
        lambda text: f"{text}\n",
        lambda text: "é" + text,
        lambda text: ".".join(reversed(text.split("."))),
    ],
)
def test_signed_request_of_another_shape_is_refused(change: Callable[[str], str]) -> None:
    secret, text, _ = REQUESTS[0]
    assert verify_signed_request(change(text), [secret]) is None


@given(st.text())
def test_any_text_at_all_can_be_a_signed_request(text: str) -> None:
    assert verify_signed_request(text.encode("utf-8", "replace").decode(), ["secret"]) is None


def test_signed_payload_need_not_be_json() -> None:
    """Reading it is the caller's matter, after the signature."""
    encoded = base64.urlsafe_b64encode(b"no json").decode()
    signature = base64.urlsafe_b64encode(hmac.digest(b"secret", encoded.encode(), "sha256")).decode()
    assert verify_signed_request(f"{signature}.{encoded}", ["secret"]) == b"no json"


def test_the_two_schemes_are_not_mixed() -> None:
    """A webhook signs its body as it is, a signed request its payload as it is encoded."""
    encoded = base64.urlsafe_b64encode(b'{"user_id":"1"}').decode()
    for covered in (b'{"user_id":"1"}', b"secret"):
        wrong = base64.urlsafe_b64encode(hmac.digest(b"secret", covered, "sha256")).decode()
        assert verify_signed_request(f"{wrong}.{encoded}", ["secret"]) is None
