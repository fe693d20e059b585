"""Tokens, sealed. What lies in the bucket is worth nothing without TOKEN_KEYS, and nothing under another source's name.

Each source has its own key, derived from a key of the ring; the source's name is authenticated with the content
(AES-256-GCM's associated data), so an object copied to another source's place does not open. On top, the object
carries SSE-C.

    {"v": 1, "kid": "2026-11", "alg": "A256GCM", "n": base64 of 12 random bytes, "ct": base64}
"""

import base64
import binascii
import json
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stockroom.errors import Conflict, StorageError
from stockroom.settings import KEY_BYTES, KeyRing
from stockroom.space import Found, Space, WrongKey

_FORMAT = 1
_NONCE_BYTES = 12
_ATTEMPTS = 5


class Unreadable(StorageError):
    """The tokens are there but do not open: altered, misplaced, or sealed under a key that is gone."""

    default_status = 500


class Vault:
    """The sealed tokens of all sources, one object each."""

    def __init__(self, space: Space, ring: KeyRing) -> None:
        self._space = space
        self._ring = ring

    def read(self, source: str) -> tuple[bytes, str] | None:
        """A source's opened tokens and the ETag to swap them by, or None.

        Raises Unreadable if they were altered or the key that sealed them is gone.
        """
        found = self._find(source)
        return (open_sealed(self._ring, source, found.body), found.etag) if found else None

    def renew(self, source: str, renewed: Callable[[bytes | None], bytes]) -> bytes:
        """Seal what `renewed` makes of the tokens that are stored, and return it; for a login, whose tokens are newest.

        `renewed` is given None where nothing is stored, or nothing that still opens: a login makes up for a lost key.
        """
        for _ in range(_ATTEMPTS):
            try:
                stored = self.read(source)
            except Unreadable:
                content = renewed(None)
                self.replace(source, content)
                return content
            content = renewed(stored[0] if stored else None)
            try:
                if stored:
                    self.swap(source, content, stored[1])
                else:
                    self.create(source, content)
            except Conflict:
                continue
            return content
        raise Conflict(f"The tokens of {source} are being written by others all the time; log in again.")

    def create(self, source: str, content: bytes) -> str:
        """Seal a new source's tokens; raises Conflict if it has some."""
        return self._space.create(
            key(source), seal(self._ring, source, content), secret=self._sse_key(self._ring.newest)
        )

    def swap(self, source: str, content: bytes, etag: str) -> str:
        """Seal in place of exactly what was read; raises Conflict if it is gone."""
        return self._space.swap(
            key(source), seal(self._ring, source, content), etag, secret=self._sse_key(self._ring.newest)
        )

    def replace(self, source: str, content: bytes) -> str:
        """Seal over tokens that cannot be opened any more: a new login makes up for a lost key."""
        return self._space.put(key(source), seal(self._ring, source, content), secret=self._sse_key(self._ring.newest))

    def delete(self, source: str) -> None:
        """Forget a source's tokens."""
        self._space.delete(key(source))

    def _find(self, source: str) -> Found | None:
        """Ask with each key of the ring, newest first: which one it is shows only inside."""
        for kid in self._ring.keys:
            try:
                return self._space.read(key(source), secret=self._sse_key(kid))
            except WrongKey:
                continue
        raise _key_gone(source)

    def _sse_key(self, kid: str) -> bytes:
        return _derive(self._ring.keys[kid], "sse-c")


def key(source: str) -> str:
    """Where a source's tokens lie, such as `.stockroom/tokens/shopify/acme.myshopify.com.json`."""
    return f".stockroom/tokens/{source}.json"


def seal(ring: KeyRing, source: str, content: bytes) -> bytes:
    """Encrypt under the ring's newest key, for this source only. Never twice the same."""
    kid = ring.newest
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_source_key(ring.keys[kid], source)).encrypt(nonce, content, _identity(kid, source))
    return _envelope(kid, nonce, sealed)


def open_sealed(ring: KeyRing, source: str, sealed: bytes) -> bytes:
    """The content, if it was sealed for this very source and not altered since."""
    try:
        envelope = json.loads(sealed)
        version, kid = envelope["v"], envelope["kid"]
        nonce, content = base64.b64decode(envelope["n"], validate=True), base64.b64decode(envelope["ct"], validate=True)
        known = kid in ring.keys
    except (KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        raise _altered(source) from None
    if version != _FORMAT:
        raise Unreadable(f"The tokens of {source} have a format of another version: deploy the newest Stockroom.")
    if not known:
        raise _key_gone(source)
    if sealed != _envelope(kid, nonce, content):  # what the seal does not cover: `alg`, spaces, base64's unused bits
        raise _altered(source)
    try:
        return AESGCM(_source_key(ring.keys[kid], source)).decrypt(nonce, content, _identity(kid, source))
    except (InvalidTag, ValueError):
        raise _altered(source) from None


def _envelope(kid: str, nonce: bytes, sealed: bytes) -> bytes:
    fields = {"v": _FORMAT, "kid": kid, "alg": "A256GCM", "n": _encode(nonce), "ct": _encode(sealed)}
    return json.dumps(fields).encode()


def _source_key(master: bytes, source: str) -> bytes:
    return _derive(master, f"tokens/{source}")


def _derive(master: bytes, purpose: str) -> bytes:
    info = f"stockroom/v1/vault/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


def _identity(kid: str, source: str) -> bytes:
    return json.dumps(["stockroom/tokens", _FORMAT, kid, source]).encode()


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _altered(source: str) -> Unreadable:
    return Unreadable(f"The stored tokens of {source} were altered or belong to another source: log in again.")


def _key_gone(source: str) -> Unreadable:
    return Unreadable(
        f"The tokens of {source} are sealed under a key that TOKEN_KEYS does not hold: put it back, or log in again."
    )
