"""The app's webhook subscriptions, and the handshake that each of them begins with."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from local.facebook.errors import GraphError, bad_parameter
from local.facebook.outbound import Unreachable, fetch

OBJECTS = {"page", "user", "permissions", "application", "instagram"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
MOST_SHOWN = 200


@dataclass
class Subscription:
    """There is one address for each object; subscribing again replaces it."""

    object: str
    callback_url: str
    fields: list[str] = field(default_factory=list)
    include_values: bool = False


def check_address(address: str) -> None:
    """HTTPS; and plain HTTP on this very machine, which the real Facebook could not reach."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise bad_parameter("callback_url must be a valid URI") from None
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise bad_parameter("callback_url must be a valid URI")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise bad_parameter("callback_url must use https")


def shake_hands(address: str, verify_token: str) -> None:
    """Ask the address for a challenge back, as Facebook does before it answers a subscription."""
    challenge = str(secrets.randbelow(2**31))
    asked = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token})
    try:
        reply = fetch("GET", f"{address}{'&' if '?' in address else '?'}{asked}")
    except Unreachable as error:
        raise _refused(f"Callback verification failed with the following errors: {error}") from None
    if reply.status != 200:
        raise _refused(
            "Callback verification failed with the following errors: "
            f"HTTP Status Code = {reply.status}; HTTP Message = {reply.reason}"
        )
    if reply.text != challenge:
        received = reply.text[:MOST_SHOWN]
        raise _refused(
            f'The URL couldn\'t be validated. Response does not match challenge, expected value="{challenge}", '
            f'received="{received}"'
        )


def _refused(said: str) -> GraphError:
    return GraphError(2200, f"(#2200) {said}")
