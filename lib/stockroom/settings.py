"""The environment, read and checked: each function asks for what it needs, and for nothing else.

Every problem found is told at once, each in a sentence that names the variable and the fix. Written without pydantic,
whose import would cost the webhook more than all the rest of its work.
The platform refuses empty variables, so the word `none` stands for one that is not set.
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from stockroom.errors import SetupError

NOT_SET = "none"
KEY_BYTES = 32
SECRET_LENGTH = 32
_GIVEN_SECRET_LENGTH = 16

_ADDRESS = re.compile(r"https?://[^\s@\\]+")
"""Without a user name and password, which a message might show, and without what two parsers read in two ways."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{3}[0-9]")
_VERSION = re.compile(r"20[0-9]{2}-(01|04|07|10)")
_APP_ID = re.compile(r"[0-9]{5,20}")
_GRAPH_VERSION = re.compile(r"v[0-9]{2}\.0")
_SCOPES = re.compile(r"[a-z_]+(, ?[a-z_]+)*")
_KEY_ID = re.compile(r"[A-Za-z0-9.-]{1,32}")


@dataclass(frozen=True, slots=True)
class ShopifyApp:
    """What an OAuth login with Shopify needs."""

    key: str
    secrets: tuple[str, ...] = field(repr=False)
    """The present client secret first, then the old one while it is being rotated out."""
    redirect_uri: str
    sandbox_url: str | None


@dataclass(frozen=True, slots=True)
class ShopifyApi:
    """What reading a shop needs."""

    version: str
    sandbox_url: str | None


@dataclass(frozen=True, slots=True)
class FacebookApp:
    """What talking to Facebook needs."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str
    version: str
    scopes: tuple[str, ...]
    config_id: str | None
    """A configuration of Facebook Login for Business, which takes the place of scopes."""
    dialog_url: str
    graph_url: str

    @property
    def token(self) -> str:
        """The app's own token, for what concerns the app and no Page."""
        return f"{self.id}|{self.secret}"


@dataclass(frozen=True, slots=True)
class Spaces:
    """Where the bucket is and how to get in."""

    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    private_bucket: str
    region: str
    endpoint: str
    path_style: bool


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that seal tokens: the first seals, all of them open."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))


def shopify_secrets(env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The client secrets that Shopify may sign with at present, newest first."""
    with _Reader(env) as read:
        return _secrets(read)


def shopify_app(env: Mapping[str, str] = os.environ) -> ShopifyApp:
    """The app as Shopify knows it."""
    with _Reader(env) as read:
        return ShopifyApp(
            key=read.text("SHOPIFY_API_KEY", _APP_PAGE),
            secrets=_secrets(read),
            redirect_uri=read.address("SHOPIFY_REDIRECT_URI", "the callback function's public address"),
            sandbox_url=read.sandbox("SHOPIFY_SANDBOX_URL"),
        )


def shopify_api(env: Mapping[str, str] = os.environ) -> ShopifyApi:
    """The version of the Admin API."""
    with _Reader(env) as read:
        return ShopifyApi(
            version=read.text("SHOPIFY_API_VERSION", "set it to 2026-10", _matching(_VERSION, "2026-10")),
            sandbox_url=read.sandbox("SHOPIFY_SANDBOX_URL"),
        )


def shopify_webhook_address(env: Mapping[str, str] = os.environ) -> str:
    """Where Shopify should send events."""
    with _Reader(env) as read:
        return read.address("SHOPIFY_WEBHOOK_ADDRESS", "the webhook function's public address")


def facebook_secrets(env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The app secrets that Facebook may sign with; a reset secret ends at once, so there is one."""
    with _Reader(env) as read:
        return (read.text("FACEBOOK_APP_SECRET", _META_PAGE, _secret_enough),)


def facebook_app(env: Mapping[str, str] = os.environ) -> FacebookApp:
    """The app as Facebook knows it."""
    with _Reader(env) as read:
        sandbox = read.sandbox("FACEBOOK_SANDBOX_URL")
        return FacebookApp(
            id=read.text("FACEBOOK_APP_ID", _META_PAGE, _matching(_APP_ID, "1234567890123456")),
            secret=read.text("FACEBOOK_APP_SECRET", _META_PAGE, _secret_enough),
            redirect_uri=read.address("FACEBOOK_REDIRECT_URI", "the callback function's public address"),
            version=read.text("FACEBOOK_API_VERSION", "set it to v26.0", _matching(_GRAPH_VERSION, "v26.0")),
            scopes=_scopes(read.text("FACEBOOK_SCOPES", "see .env.example", _matching(_SCOPES, "pages_show_list"))),
            config_id=read.optional("FACEBOOK_CONFIG_ID", _matching(_APP_ID, "1234567890123456")),
            dialog_url=f"{sandbox.rstrip('/')}/www" if sandbox else "https://www.facebook.com",
            graph_url=f"{sandbox.rstrip('/')}/graph" if sandbox else "https://graph.facebook.com",
        )


def facebook_webhook_address(env: Mapping[str, str] = os.environ) -> str:
    """Where Facebook should send events."""
    with _Reader(env) as read:
        return read.address("FACEBOOK_WEBHOOK_ADDRESS", "the webhook function's public address")


def facebook_verify_token(env: Mapping[str, str] = os.environ) -> str:
    """What Facebook shows in its handshake."""
    with _Reader(env) as read:
        return read.text("FACEBOOK_VERIFY_TOKEN", "`make env` makes one", _long_enough)


def facebook_replaces_webhook(env: Mapping[str, str] = os.environ) -> str | None:
    """The address of an older webhook that may be overwritten, if any."""
    with _Reader(env) as read:
        return read.optional("FACEBOOK_REPLACES_WEBHOOK", _web_address)


def state_secret(env: Mapping[str, str] = os.environ) -> str:
    """What signs a login's state."""
    with _Reader(env) as read:
        return read.text("STATE_TOKEN_SECRET", "`make env` makes one", _long_enough)


def spaces(env: Mapping[str, str] = os.environ) -> Spaces:
    """The bucket. Without an endpoint of its own it lies in the region's Spaces."""
    with _Reader(env) as read:
        region = read.text("SPACES_REGION", "set it to the bucket's region, such as nyc3", _matching(_REGION, "nyc3"))
        bucket = read.text("SPACES_BUCKET", "set it to the bucket's name", _matching(_BUCKET, "my-bucket"))
        endpoint = read.optional("SPACES_ENDPOINT", _own_or_secure)
        return Spaces(
            access_key=read.text("SPACES_ACCESS_KEY", _KEYS_PAGE),
            secret_key=read.text("SPACES_SECRET_KEY", _KEYS_PAGE),
            bucket=bucket,
            private_bucket=read.optional("SPACES_PRIVATE_BUCKET", _matching(_BUCKET, "my-bucket")) or bucket,
            region=region,
            endpoint=endpoint or f"https://{region}.digitaloceanspaces.com",
            path_style=endpoint is not None,
        )


def token_keys(env: Mapping[str, str] = os.environ) -> KeyRing:
    """The key ring, `id:base64,id:base64`, newest first."""
    with _Reader(env) as read:
        text = read.text("TOKEN_KEYS", "`make env` makes one", _key_ring_problem)
    return KeyRing(_key_ring(text) or {})


def functions_access_key(env: Mapping[str, str] = os.environ) -> str:
    """The namespace's access key, `id:secret`, with which one function calls another."""
    with _Reader(env) as read:
        hint = "`doctl serverless key create --name stockroom --expiration never` makes one"
        return read.text("FUNCTIONS_ACCESS_KEY", hint, _id_and_secret)


_APP_PAGE = "copy it from the app's page in Shopify's Dev Dashboard"
_META_PAGE = "copy it from the app's basic settings at developers.facebook.com"
_KEYS_PAGE = "copy it from Spaces > Access Keys in the DigitalOcean panel"

Problem = Callable[[str], str | None]
"""Says what is wrong with a value, as the end of a sentence that begins with the variable's name, or None."""


class _Reader:
    """Collects every problem, and raises them together when the block ends."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._problems: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._problems:
            raise SetupError(" ".join(self._problems))

    def text(self, name: str, hint: str, problem: Problem | None = None) -> str:
        value = self._value(name)
        if value is None:
            self._problems.append(f"{name} is missing: {hint}, put it into .env and deploy again.")
            return ""
        self._check(name, value, problem)
        return value

    def optional(self, name: str, problem: Problem | None = None) -> str | None:
        value = self._value(name)
        if value is not None:
            self._check(name, value, problem)
        return value

    def address(self, name: str, what: str) -> str:
        return self.text(name, f"set it to {what}", _public_address)

    def sandbox(self, name: str) -> str | None:
        return self.optional(name, _loopback_address)

    def _value(self, name: str) -> str | None:
        value = self._env.get(name, "").strip()
        return None if value.lower() in ("", NOT_SET) else value

    def _check(self, name: str, value: str, problem: Problem | None) -> None:
        found = problem(value) if problem else None
        if found:
            self._problems.append(f"{name} {found}")


def _secrets(read: _Reader) -> tuple[str, ...]:
    found = (
        read.text("SHOPIFY_API_SECRET", _APP_PAGE, _secret_enough),
        read.optional("SHOPIFY_API_SECRET_OLD", _secret_enough),
    )
    return tuple(secret for secret in found if secret)


def _scopes(text: str) -> tuple[str, ...]:
    return tuple(scope.strip() for scope in text.split(","))


def _matching(pattern: re.Pattern[str], example: str) -> Problem:
    return lambda value: None if pattern.fullmatch(value) else f"is malformed: it should look like {example}."


def _secret_enough(value: str) -> str | None:
    """No word that somebody could guess, nor a placeholder, may sign anything."""
    good = len(value) >= _GIVEN_SECRET_LENGTH and not value.startswith("<")
    return None if good else "is no app's secret: copy it from the app's page at Shopify or Facebook."


def _long_enough(value: str) -> str | None:
    return (
        None
        if len(value) >= SECRET_LENGTH
        else f"is too short: at least {SECRET_LENGTH} random characters; `make env` makes one."
    )


def _id_and_secret(value: str) -> str | None:
    name, colon, secret = value.partition(":")
    return None if name and colon and secret else "is malformed: it should look like id:secret."


def _web_address(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        fine = bool(_ADDRESS.fullmatch(value)) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    return None if fine else "is malformed: it should be an address that begins with https://."


def _own_or_secure(value: str) -> str | None:
    """An S3 server's address; keys travel there."""
    return _public_address(value.removesuffix("/"))


def _public_address(value: str) -> str | None:
    parts = urlsplit(value) if _web_address(value) is None else None
    if parts is None or parts.query or parts.fragment or parts.path.endswith("/"):
        return (
            "is malformed: it should be an address that begins with https://, without ? and #, or a slash at the end."
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "begins with http://: only an address on this very machine may, any other has to begin with https://."
    return None


def _loopback_address(value: str) -> str | None:
    if _web_address(value) is None and urlsplit(value).hostname in _LOOPBACK:
        return None
    return "names another machine: the sandbox runs on this one only; to reach the real platform set it to none."


def _key_ring(text: str) -> dict[str, bytes] | None:
    ring: dict[str, bytes] = {}
    for entry in text.split(","):
        name, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return None
        if not _KEY_ID.fullmatch(name) or len(key) != KEY_BYTES or name in ring:
            return None
        ring[name] = key
    return ring


def _key_ring_problem(text: str) -> str | None:
    if _key_ring(text) is not None:
        return None
    form = f"id:key,id:key with different ids, each key {KEY_BYTES} random bytes in base64"
    return f"is malformed: it should be {form}; `make env` makes one."
