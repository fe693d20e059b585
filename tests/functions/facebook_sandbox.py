"""The sandbox Facebook in this process, at Facebook's own addresses, and a browser's way through a login."""

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import responses

from local.facebook.app import create_app
from local.facebook.settings import Settings
from local.sandbox.clock import Clock
from tests.functions.environment import (
    FACEBOOK_APP_ID,
    FACEBOOK_REDIRECT_URI,
    FACEBOOK_SCOPES,
    FACEBOOK_SECRET,
    HOST,
)
from tests.functions.invoke import Answer

if TYPE_CHECKING:
    from local.facebook.world import World

HTTP = tuple[int, dict[str, str], bytes]

ASTRID, BENEDIKT, CARMEN, DMITRI, EMMA, FARID, GRETA = (f"12210000000000010{number}" for number in range(1, 8))
CAFE, CLEARED, WHOLE = "104810000000001", "104810000000002", "104810000000003"
"""Astrid's Pages."""


class FacebookSandbox:
    """Facebook's dialog and Graph API, and our own public addresses as it reaches them."""

    def __init__(
        self, web: responses.RequestsMock, function: Callable[..., Answer], clock: Callable[[], float]
    ) -> None:
        settings = Settings(
            app_id=FACEBOOK_APP_ID,
            app_secret=FACEBOOK_SECRET,
            redirect_uri=FACEBOOK_REDIRECT_URI,
            deauthorize_url=f"{HOST}/facebook/deauthorize",
            deletion_url=f"{HOST}/facebook/deletion",
        )
        app = create_app(settings, Clock(clock))
        self.world: World = app.extensions["facebook"]
        self.own: Callable[[Any], HTTP] = self.to_function
        """What our public addresses do with a request."""
        self._client = app.test_client()
        self._function = function
        for method in ("GET", "POST"):
            web.add_callback(method, re.compile(r"https://graph\.facebook\.com/"), self._graph)
            web.add_callback(method, re.compile(re.escape(f"{HOST}/facebook/")), self._own)

    def begin(self, query: str = "") -> "FacebookLogin":
        return FacebookLogin(self, self._function, self._function("facebook/login", query=query))

    def login(self, person: str = ASTRID, pages: Sequence[str] | None = None, **request: Any) -> Answer:
        """From the login address to the answer of the callback, with a consent in between."""
        login = self.begin()
        return login.arrive(login.consent(person, pages), **request)

    def dialog(self, address: str, choice: dict[str, Any] | None = None) -> dict[str, str]:
        """Press a button on the page at Facebook's address; the query with which the browser comes back.

        Without a choice the page is only opened, which is enough where Facebook does not show it.
        """
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == "https://www.facebook.com"
        place = f"/www{parts.path}?{parts.query}"
        reply = self._client.get(place) if choice is None else self._client.post(place, data=choice)
        assert reply.status_code == 302, reply.text
        back = urlsplit(reply.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == FACEBOOK_REDIRECT_URI
        return dict(parse_qsl(back.query))

    def fault(self, **rule: Any) -> None:
        assert self._client.post("/_sandbox/faults", json=rule).status_code == 200

    def control(self, path: str, **sent: Any) -> Any:
        return self._client.post(f"/_sandbox/{path}", json=sent).json

    @property
    def asked(self) -> list[str]:
        """The operations of the Graph API that were called, oldest first."""
        return [str(record["operation"]) for record in self.world.requests if record["operation"] != "dialog"]

    @property
    def issued(self) -> list[str]:
        """Every token and code that was given out."""
        return [*self.world.kept.book.tokens, *self.world.kept.book.codes]

    def to_function(self, request: Any) -> HTTP:
        """A request at a public address of ours runs the function there."""
        parts = urlsplit(request.url)
        answer = self._function(
            parts.path.removeprefix(f"{urlsplit(HOST).path}/"),
            method=request.method,
            query=parts.query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=(request.body or b"").decode() if isinstance(request.body, bytes | None) else request.body,
        )
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return answer.status, {"content-type": str(answer.headers["content-type"])}, text.encode()

    def _own(self, request: Any) -> HTTP:
        return self.own(request)

    def _graph(self, request: Any) -> HTTP:
        parts = urlsplit(request.url)
        kept = ("Authorization", "Content-Type")
        reply = self._client.open(
            f"/graph{parts.path}",
            method=request.method,
            query_string=parts.query,
            headers={name: request.headers[name] for name in kept if name in request.headers},
            data=request.body,
        )
        return reply.status_code, dict(reply.headers), reply.data


class FacebookLogin:
    """One login in one browser, as it stands on the consent dialog."""

    def __init__(self, facebook: FacebookSandbox, function: Callable[..., Answer], answer: Answer) -> None:
        self._facebook = facebook
        self._function = function
        self.answer = answer
        self.query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        (cookie,) = answer.headers["set-cookie"]
        self.cookie = cookie.partition(";")[0]

    def consent(
        self,
        person: str = ASTRID,
        pages: Sequence[str] | None = None,
        ticked: str = FACEBOOK_SCOPES,
        decision: str = "continue",
    ) -> dict[str, str]:
        """What the browser brings back; all of the person's Pages are ticked unless some are named."""
        picked = [page.id for page in self._facebook.world.pages_of(person)] if pages is None else pages
        choice = {"person": person, "page": picked, "permission": ticked.split(","), "choice": "some"}
        return self._facebook.dialog(self.answer.headers["location"], {**choice, "decision": decision})

    def arrive(self, query: Any, headers: dict[str, str] | None = None) -> Answer:
        """The browser follows Facebook's redirect."""
        text = query if isinstance(query, str) else urlencode(query)
        return self._function("facebook/callback", query=text, headers={"cookie": self.cookie, **(headers or {})})
