"""The `state` of an OAuth login: signed, for one purpose, ten minutes long, bound to the browser that began it.

The browser keeps a random cookie; the state holds that cookie's hash, so that a callback address caught from one
browser is worth nothing in another. That a state serves only once is the storage's part: see `spend`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from stockroom.errors import CallerError, Conflict, Unauthorised
from stockroom.signing import derived_key

if TYPE_CHECKING:
    from stockroom.space import Space

LIFETIME = 600
"""Seconds in which the owner may read the consent page."""

_SKEW = 30
"""Seconds that two machines' clocks may differ."""

AGAIN = "start again from the login address"


@dataclass(frozen=True, slots=True)
class State:
    """What a login remembers until its callback."""

    purpose: str
    subject: str
    nonce: str
    issued: int
    binding: str
    page: bool | None = None
    """Whether the login was asked for a page (True), JSON (False), or left it to the browser (None)."""

    @property
    def cookie(self) -> str:
        """The name of this login's cookie: two tabs may log in at once."""
        return f"stockroom_{self.nonce[:12]}"


def begin(secret: str, purpose: str, subject: str, now: float, *, page: bool | None = None) -> tuple[State, str, str]:
    """A new login: its state, the signed text for the address, and the value for the browser's cookie."""
    cookie = secrets.token_urlsafe(32)
    state = State(purpose, subject, secrets.token_hex(16), int(now), _hash(cookie), page)
    return state, _sign(secret, state), cookie


def check(secret: str, purpose: str, text: str, cookies: Mapping[str, str], now: float) -> State:
    """The state behind the address's text; raises a CallerError that says what is wrong with it.

    Checked in this order: signature, purpose (by its own key), age, browser.
    """
    if not text:
        raise CallerError(f"The address has no state parameter; {AGAIN}.")
    state = _verified(secret, purpose, text)
    if not -_SKEW <= now - state.issued <= LIFETIME:
        raise CallerError(f"This login began more than {LIFETIME // 60} minutes ago; {AGAIN}.")
    if not hmac.compare_digest(_hash(cookies.get(state.cookie, "")), state.binding):
        raise CallerError(
            f"This login was begun in another browser, or this browser keeps no cookies; allow them and {AGAIN}.",
            status=403,
        )
    return state


def spend(space: "Space", state: State) -> None:
    """Use the state up; a second callback with it is refused, however close behind the first it comes."""
    try:
        space.create(f".stockroom/used/{state.nonce}", b"")
    except Conflict:
        raise CallerError(f"This login has been completed already; {AGAIN} to log in once more.", status=409) from None


def _verified(secret: str, purpose: str, text: str) -> State:
    payload, _, signature = text.partition(".")
    if not hmac.compare_digest(_mac(secret, purpose, payload), signature.encode("utf-8", "surrogatepass")):
        raise Unauthorised(f"The state parameter was not made here or was altered; {AGAIN}.")
    try:
        return State(purpose=purpose, **json.loads(_decode(payload)))
    except (binascii.Error, TypeError, ValueError):  # signed by an older version of this code
        raise CallerError(f"This login was begun before an update; {AGAIN}.") from None


def _sign(secret: str, state: State) -> str:
    fields = asdict(state)
    del fields["purpose"]  # it is in the key
    payload = _encode(json.dumps(fields, separators=(",", ":")).encode())
    return f"{payload}.{_mac(secret, state.purpose, payload).decode()}"


def _mac(secret: str, purpose: str, payload: str) -> bytes:
    key = derived_key(secret, f"state/{purpose}")
    return base64.urlsafe_b64encode(hmac.digest(key, payload.encode("utf-8", "surrogatepass"), "sha256")).rstrip(b"=")


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
