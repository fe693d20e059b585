"""The functions with everything around them: environment, bucket, Shopify, the platform's API, a clock, the log."""

import hashlib
import hmac
import logging
import time
from collections.abc import Iterator
from functools import partial
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from stockroom import http, settings
from stockroom.facebook import callback as facebook_callback
from stockroom.patience import Patience
from stockroom.shopify import callback, sync
from stockroom.shopify.admin import Admin
from stockroom.space import Space
from tests.functions import invoke
from tests.functions.environment import API_SECRET, ENVIRONMENT, SECRETS, SHOP, WAKE_ADDRESS, WEBHOOK_ADDRESS
from tests.functions.facebook_sandbox import FacebookSandbox
from tests.functions.invoke import Answer, web_event
from tests.functions.shopify_stub import HTTP, ShopifyStub, WebPlaces
from tests.storage.emptied import emptied
from tests.storage.s3_server import S3Server
from tests.storage.wire import Wire

WEB_LIMIT, SYNC_LIMIT = 30.0, 900.0


class Clock:
    """The one clock of the functions. It moves when a test moves it, or a function sleeps."""

    def __init__(self) -> None:
        self.time = time.time()

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


class Functions:
    """All functions, and the way of a browser through those of Shopify, whose names may be given short."""

    def __init__(self, clock: Clock, environment: dict[str, str]) -> None:
        self.environment = environment
        self._clock = clock

    def web(self, function: str, **request: Any) -> Answer:
        return self.raw(function, web_event(**request))

    def raw(self, function: str, event: dict[str, Any]) -> Answer:
        name = function if "/" in function else f"shopify/{function}"
        return invoke.answer(name, event, self._clock() + WEB_LIMIT, self.environment)

    def sync(self, payload: dict[str, Any]) -> dict[str, Any]:
        return invoke.run("shopify/sync", payload, self._clock() + SYNC_LIMIT, self.environment)[0]

    def begin(self, shop: str = SHOP, query: str = "") -> "Login":
        return Login(self, self._clock, self.web("login", path=f"/{shop}", query=query))

    def login(self, code: str = "code-1", **request: Any) -> Answer:
        """From the login address to the answer of the callback, with a consent in between."""
        return self.begin().approve(code, **request)

    def deliver(self, request: Any) -> HTTP:
        """What the webhook's public address does: it runs the webhook function."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.web("webhook", method="POST", headers=headers, body=request.body.decode())
        return answer.status, {}, ""


class Login:
    """One login in one browser, as it stands on the consent page."""

    def __init__(self, functions: Functions, clock: Clock, answer: Answer) -> None:
        self._functions = functions
        self._clock = clock
        self.answer = answer
        self.query: dict[str, list[str]] = parse_qs(urlsplit(answer.headers["location"]).query)
        (cookie,) = answer.headers["set-cookie"]
        self.cookie = cookie.partition(";")[0]

    @property
    def state(self) -> str:
        (state,) = self.query["state"]
        return state

    def callback_query(self, code: str = "code-1", **changes: str) -> list[tuple[str, str]]:
        """What Shopify adds to the callback's address, signed; a change to "" leaves a parameter out."""
        fields = {
            "code": code,
            "host": "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvYWNtZQ",
            "shop": SHOP,
            "state": self.state,
            "timestamp": str(int(self._clock())),
            **changes,
        }
        return signed({name: value for name, value in fields.items() if value})

    def approve(self, code: str = "code-1", **request: Any) -> Answer:
        return self.arrive(self.callback_query(code), **request)

    def arrive(self, query: Any, headers: dict[str, str] | None = None) -> Answer:
        """The browser follows Shopify's redirect."""
        return self._functions.web("callback", query=query, headers={"cookie": self.cookie, **(headers or {})})


def signed(fields: dict[str, str], secret: str = API_SECRET) -> list[tuple[str, str]]:
    """A query with Shopify's signature, as its documentation describes it."""
    message = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return [*fields.items(), ("hmac", signature)]


def cookie_attributes(header: str) -> dict[str, str]:
    (morsel,) = SimpleCookie(header).values()
    return {name: value for name, value in morsel.items() if value}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 waits up to seconds before it repeats a request."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(http, "now", clock)
    for module in (callback, sync):
        monkeypatch.setattr(module, "Admin", partial(Admin, clock=clock, sleep=clock.advance))
    monkeypatch.setattr(facebook_callback, "Patience", partial(Patience, sleep=clock.advance))
    return clock


@pytest.fixture
def environment(moto: S3Server) -> dict[str, str]:
    """What .env holds; a test may change it."""
    return {**ENVIRONMENT, "SPACES_ENDPOINT": moto.endpoint}


@pytest.fixture
def bucket(moto: S3Server, environment: dict[str, str]) -> Iterator[Space]:
    """Empty at first."""
    with emptied(moto, settings.spaces(environment)) as space:
        yield space


@pytest.fixture
def wire(bucket: Space) -> Iterator[Wire]:
    """Between the functions and the bucket."""
    wire = Wire(bucket)
    yield wire
    wire.close()


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """The web beyond our own places: whatever is not there cannot be reached."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def shopify(web: responses.RequestsMock) -> ShopifyStub:
    return ShopifyStub(web)


@pytest.fixture
def facebook(web: responses.RequestsMock, functions: Functions, clock: Clock) -> FacebookSandbox:
    return FacebookSandbox(web, functions.web, clock)


@pytest.fixture
def functions(bucket: Space, clock: Clock, environment: dict[str, str]) -> Functions:
    return Functions(clock, environment)


@pytest.fixture
def places(web: responses.RequestsMock, functions: Functions) -> WebPlaces:
    return WebPlaces(web, WEBHOOK_ADDRESS, functions.deliver, WAKE_ADDRESS)


class Log(logging.Handler):
    """All that the functions write to their log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Also sees to it that no test ends with a secret in the log."""
    logger, log = logging.getLogger("stockroom"), Log()
    monkeypatch.setattr(logger, "handlers", [log])
    monkeypatch.setattr(logger, "propagate", False)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield log
    logger.setLevel(level)
    assert_no_secret(log.text)


def assert_no_secret(text: str, *more: str) -> None:
    """No secret of ours, and none of `more`: tokens and codes."""
    shown = [secret for secret in (*SECRETS, *more) if secret in text]
    assert not shown
