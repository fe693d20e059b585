"""The Graph API client: tokens in the header only, a proof with every call, budgets obeyed, fifty calls to a batch."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from stockroom.errors import OutOfTime, ProviderBusy, ProviderError, StockroomError
from stockroom.facebook.reply import MOMENT, OF_THE_APP, OF_THE_PAGE, decipher, usage
from stockroom.patience import Patience
from stockroom.settings import FacebookApp
from stockroom.signing import facebook_proof

BATCH = 50
_PAGE = 100
_ROUNDS = 3
"""How often the entries of a batch that Facebook did not finish are asked for again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One entry of a batch; `path` is such as `123/subscribed_apps`."""

    path: str
    token: str = field(repr=False)
    method: str = "GET"
    parameters: Mapping[str, str] = field(default_factory=dict)


class Graph:
    """The Graph API for one app. `calls` counts as Facebook does: each entry of a batch is one."""

    def __init__(self, app: FacebookApp, patience: Patience) -> None:
        self._app = app
        self._patience = patience
        self._base = f"{app.graph_url}/{app.version}"
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc must not add credentials
        self._free_at: defaultdict[str, float] = defaultdict(float)
        """When there is room again in a budget: the app's under "", a Page's under its token."""
        self.calls = 0

    def get(self, path: str, token: str, **parameters: str) -> Any:
        """Read something."""
        return self._patience.repeat(lambda: self._send("GET", path, token, parameters))

    def post(self, path: str, token: str, **parameters: str) -> Any:
        """Change something that may be changed twice: after a lost answer it is sent again."""
        return self._patience.repeat(lambda: self._send("POST", path, token, parameters))

    def exchange(self, **parameters: str) -> Any:
        """Trade a code or a token at the token endpoint. Sent once: a code is good once."""
        credentials = {"client_id": self._app.id, "client_secret": self._app.secret}
        return self._send("POST", "oauth/access_token", None, {**parameters, **credentials})

    def inspect(self, token: str) -> dict[str, Any]:
        """What Facebook knows of a token. Posted as a form that asks for a GET, so that the token is in no address."""
        answer = self.post("debug_token", self._app.token, input_token=token, method="get")
        data: dict[str, Any] = answer["data"]
        return data

    def entries(self, path: str, token: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page by page. The next page's address holds the token, so only its cursor is used."""
        after = ""
        while True:
            cursor = {"after": after} if after else {}
            page = self.get(path, token, limit=str(_PAGE), **parameters, **cursor)
            yield from page["data"]
            paging = page.get("paging") or {}
            if "next" not in paging:
                return
            before, after = after, (paging.get("cursors") or {}).get("after", "")
            if after in ("", before):
                raise ProviderError("Facebook says that a list goes on, but not where; try again later.")

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The content, or the StockroomError, of each call, in order; entries that failed for a moment are repeated."""
        results: list[Any] = [_UNFINISHED] * len(calls)
        waiting = list(range(len(calls)))
        for _ in range(_ROUNDS):
            for start in range(0, len(waiting), BATCH):
                places = waiting[start : start + BATCH]
                for at, answer in zip(places, self._batch([calls[at] for at in places]), strict=True):
                    results[at] = answer
            waiting = [at for at in waiting if _momentary(results[at])]
        return results

    def _batch(self, calls: Sequence[Call]) -> list[Any]:
        """A Page whose own budget is used up is left out, and does not hold up the others."""
        results: list[Any] = [self._no_room(call.token) for call in calls]
        sent = [at for at, refused in enumerate(results) if not refused]
        if sent:
            form = {"batch": json.dumps([self._entry(calls[at]) for at in sent]), "include_headers": "true"}
            answers = self._patience.repeat(lambda: self._send("POST", "", self._app.token, form))
            self.calls += len(sent) - 1
            if not isinstance(answers, list) or len(answers) != len(sent):
                raise ProviderError("Facebook answered a batch with something else; try again later.")
            for at, answer in zip(sent, answers, strict=True):
                results[at] = self._content(answer, calls[at].token)
        return results

    def _entry(self, call: Call) -> dict[str, str]:
        parameters = {**call.parameters, "appsecret_proof": facebook_proof(call.token, self._app.secret)}
        entry = {"method": call.method, "access_token": call.token}
        query = urlencode(parameters)
        if call.method == "GET":
            return {**entry, "relative_url": f"{self._app.version}/{call.path}?{query}"}
        return {**entry, "relative_url": f"{self._app.version}/{call.path}", "body": query}

    def _content(self, answer: Any, token: str) -> Any:
        """One entry's content or error; Facebook leaves null where it had no time."""
        if not isinstance(answer, dict):
            return _UNFINISHED
        headers = {item["name"].lower(): item["value"] for item in answer.get("headers") or []}
        self._obey(headers, token)
        try:
            return decipher(answer["code"], headers, answer.get("body") or "")
        except StockroomError as error:
            return error

    def _send(self, method: str, path: str, token: str | None, parameters: Mapping[str, str]) -> Any:
        self._wait_for_room(token or "")
        self.calls += 1
        headers, fields = {"accept": "application/json"}, dict(parameters)
        if token:
            headers["authorization"] = f"Bearer {token}"
            fields["appsecret_proof"] = facebook_proof(token, self._app.secret)
        try:
            reply = self._session.request(
                method,
                f"{self._base}/{path}",
                params=fields if method == "GET" else None,
                data=fields if method != "GET" else None,
                headers=headers,
                timeout=self._patience.timeouts(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self._patience.pause(0)
            message = f"Facebook cannot be reached ({type(error).__name__}); try again later."
            raise ProviderBusy(message, wait=MOMENT) from None
        self._obey(reply.headers, token or "")
        return decipher(reply.status_code, reply.headers, reply.content)

    def _wait_for_room(self, token: str) -> None:
        wait = max(0, self._free_at[""] - self._patience.now(), self._free_at[token] - self._patience.now())
        try:
            self._patience.pause(wait)
        except OutOfTime:
            if not wait:
                raise
            raise OutOfTime(_used_up(wait), wait=wait) from None

    def _no_room(self, token: str) -> ProviderBusy | None:
        wait = self._free_at[token] - self._patience.now()
        return ProviderBusy(_used_up(wait), wait=wait) if wait > 0 else None

    def _obey(self, headers: Mapping[str, str], token: str) -> None:
        """Let the next call wait until the tightest budget has room again."""
        now = self._patience.now()
        for whose, names in (("", OF_THE_APP), (token, OF_THE_PAGE)):
            wait = usage(headers, names).wait
            if wait:
                self._free_at[whose] = max(self._free_at[whose], now + wait)


def _used_up(wait: float) -> str:
    return f"Facebook's call limit is nearly used up; there is room again in {wait:.0f} seconds."


def _momentary(answer: Any) -> bool:
    """Whether a batch's entry is worth asking for at once; one whose Page is over its limit is not."""
    return isinstance(answer, ProviderBusy) and answer.wait <= MOMENT


_UNFINISHED = ProviderBusy("Facebook did not finish in time; try again.", wait=MOMENT)
