"""What tests of the Admin API share: a shop's address, a clock that only moves when somebody sleeps, answers."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import responses

from stockroom.settings import ShopifyApi
from stockroom.shopify.admin import Admin

SHOP = "acme.myshopify.com"
TOKEN = "shpat_0123456789abcdef0123456789ab3f9c"
API = ShopifyApi("2026-10", None)
URL = f"https://{SHOP}/admin/api/2026-10/graphql.json"
NOW = 1_800_000_000.0

Answer = tuple[int, dict[str, str], str] | Exception


class Clock:
    """Injected as clock and as sleep."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def admin(clock: Clock | None = None, deadline: float = float("inf"), api: ShopifyApi = API) -> Admin:
    clock = clock or Clock()
    return Admin(SHOP, TOKEN, api, deadline, clock=clock, sleep=clock.sleep)


def ok(data: Any = None, *, cost: float = 10, left: float = 2000, full: float = 2000, rate: float = 100) -> Answer:
    status = {"maximumAvailable": full, "currentlyAvailable": left, "restoreRate": rate}
    extensions = {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}}
    return 200, {}, json.dumps({"data": {} if data is None else data, "extensions": extensions})


def errors(*codes: str, **cost: Any) -> Answer:
    found = [{"message": code.title(), "extensions": {"code": code}} for code in codes]
    return 200, {}, json.dumps({"errors": found, "extensions": {"cost": cost}})


def page(numbers: Iterable[int], more: str | None = None, **cost: float) -> Answer:
    nodes = [{"n": number} for number in numbers]
    info = {"hasNextPage": more is not None, "endCursor": more}
    return ok({"page": {"nodes": nodes, "pageInfo": info}}, **cost)


def play(web: responses.RequestsMock, *answers: Answer, on_call: Callable[[], None] = lambda: None) -> list[Any]:
    """Give these answers one after the other, and list the variables that were asked with."""
    asked: list[Any] = []
    left = iter(answers)

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked.append(json.loads(request.body)["variables"])
        on_call()
        given = next(left)
        if isinstance(given, Exception):
            raise given
        return given

    web.add_callback(responses.POST, URL, callback=answer)
    return asked
