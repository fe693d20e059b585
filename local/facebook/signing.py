"""The three signatures: appsecret_proof, the webhook's header, signed_request. Three rules, not to be mixed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

TIMED_PROOF_LIFE = 300


def appsecret_proof(token: str, secret: str) -> str:
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def is_proof(proof: str, token: str, secret: str, time: str | None, now: float) -> bool:
    """Whether it fits: over the token alone, or over `token|time` if a time of the last five minutes comes with it."""
    if time is not None:
        if not time.isascii() or not time.isdecimal() or abs(now - int(time)) > TIMED_PROOF_LIFE:
            return False
        token = f"{token}|{time}"
    return hmac.compare_digest(appsecret_proof(token, secret).encode(), proof.encode())


def webhook_headers(body: bytes, secret: str) -> dict[str, str]:
    """Both signatures over exactly these bytes."""
    key = secret.encode()
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def webhook_body(payload: object) -> bytes:
    """JSON as Facebook writes it: non-ASCII as lower-case escapes, slashes escaped too."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def signed_request(content: Mapping[str, object], secret: str) -> str:
    """The signature is made over the second part as it is sent."""
    payload = _base64url(json.dumps({"algorithm": "HMAC-SHA256", **content}, separators=(",", ":")).encode())
    return f"{_base64url(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
