"""Every signature rule, without I/O.

A signature is compared in constant time and before anything that it covers is parsed. Where a provider rotates
secrets, each `verify_*` takes all that are valid at present.
"""

import base64
import binascii
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import quote

Pairs = Iterable[tuple[str, str]]
"""A query's decoded names and values, in the order received."""

_UNSIGNED = ("hmac", "signature")


def derived_key(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose only, so that a signature made for one is worth nothing for another."""
    return hmac.digest(secret.encode(), b"stockroom/v1/" + purpose.encode(), "sha256")


def same(left: str, right: str) -> bool:
    """Compare two signatures without telling by the time taken where they differ."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def shopify_query_signature(pairs: Pairs, secret: str) -> str:
    """The `hmac` (lower-case hex) that Shopify puts on an address: its callback and the app's entry link.

    Source: shopify.dev, authorization code grant; arrays and escapes as in shopify_python_api's published vectors.
    """
    return _hex(secret, _python_style(pairs))


def verify_shopify_query(pairs: Pairs, secrets: Sequence[str]) -> bool:
    """Whether `hmac` covers all the other parameters under one of the secrets.

    Shopify's own libraries disagree on values that are not URL-safe: the Python one signs them decoded, the
    JavaScript one percent-encoded. They agree on everything that Shopify is known to send; both are accepted, nothing
    looser.
    """
    pairs = list(pairs)
    given = dict(pairs).get("hmac", "")
    forms = (_python_style(pairs), _javascript_style(pairs))
    return any(same(_hex(secret, form), given) for secret in secrets for form in forms)


def shopify_webhook_signature(body: bytes, secret: str) -> str:
    """The `X-Shopify-Hmac-Sha256` (base64) of a webhook's raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def verify_shopify_webhook(body: bytes, given: str, secrets: Sequence[str]) -> bool:
    """Whether the header belongs to these very bytes under one of the secrets."""
    return any(same(shopify_webhook_signature(body, secret), given) for secret in secrets)


def facebook_proof(token: str, secret: str) -> str:
    """The `appsecret_proof` (hex) that goes with every call made with a token."""
    return _hex(secret, token)


def facebook_webhook_signature(body: bytes, secret: str) -> str:
    """The `X-Hub-Signature-256` of a webhook's raw body, prefix included."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify_facebook_webhook(body: bytes, given: str, secrets: Sequence[str]) -> bool:
    """Whether the header belongs to these very bytes; the older sha1 header does not count."""
    return any(same(facebook_webhook_signature(body, secret), given) for secret in secrets)


def verify_signed_request(text: str, secrets: Sequence[str]) -> bytes | None:
    """The payload of a `signed_request` if it is signed under one of the secrets; it covers the *encoded* payload.

    Source: data deletion request callback. Padding may be missing, and some senders use the other base64 alphabet.
    """
    encoded, dot, payload = text.partition(".")
    try:
        given, content = _from_base64url(encoded), _from_base64url(payload)
    except (binascii.Error, ValueError):
        return None
    expected = [hmac.digest(secret.encode(), payload.encode(), "sha256") for secret in secrets]
    good = any(hmac.compare_digest(one, given) for one in expected)
    return content if dot and good else None


def _from_base64url(text: str) -> bytes:
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def _hex(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _python_style(pairs: Pairs) -> str:
    """`a=1&ids=["2", "1"]`, sorted by name; only what would make the message ambiguous is escaped."""
    single: dict[str, str] = {}
    lists: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if name.endswith("[]"):
            lists[name.removesuffix("[]")].append(value)
        elif name not in _UNSIGNED:
            single[name] = value
    for name, values in lists.items():
        single[name] = "[" + ", ".join(f'"{value}"' for value in values) + "]"
    return "&".join(sorted(f"{_escape(name).replace('=', '%3D')}={_escape(value)}" for name, value in single.items()))


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")


def _javascript_style(pairs: Pairs) -> str:
    """`custom=hello%20world&shop=…`, sorted by name, everything percent-encoded."""
    kept = sorted((pair for pair in pairs if pair[0] not in _UNSIGNED), key=lambda pair: pair[0])
    return "&".join(f"{_percent(name)}={_percent(value)}" for name, value in kept)


def _percent(text: str) -> str:
    return quote(text, safe="*", errors="surrogatepass").replace("~", "%7E")
