"""A shop's Admin API: runs named operations, waits where the query budget asks for it, repeats what may be repeated."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

from stockroom.errors import ProviderBusy, ProviderError
from stockroom.settings import ShopifyApi
from stockroom.shopify import queries, shops
from stockroom.shopify.reply import Budget, Reply, Throttled, TooCostly, decipher

ATTEMPTS = 6
"""Tries at one query that fails for no fault of ours. Being throttled is no failure and may happen as often as it
likes.
"""

_CONNECT = 3.05
_READ = 20.0
_TARGET = 800
"""Points that a page may cost; a single query may not exceed 1,000."""

_LARGEST = 250
"""Objects in a page, whatever they cost."""

Variables = dict[str, Any]


def _page(data: dict[str, Any]) -> dict[str, Any]:
    connection: dict[str, Any] = data["page"]
    return connection


class OutOfTime(ProviderBusy):
    """The next query could not be answered before the caller has to end."""


class Admin:
    """One shop's Admin API. Not for several threads."""

    def __init__(
        self,
        shop: str,
        token: str,
        api: ShopifyApi,
        deadline: float = float("inf"),
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`deadline` in seconds since 1970: when all answers have to be there."""
        self._url = f"{shops.admin_url(shop, api.sandbox_url)}/admin/api/{api.version}/graphql.json"
        self._version = api.version
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._budget: Budget | None = None
        self._costs: dict[str, float] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc must not add credentials
        self._session.headers.update({"X-Shopify-Access-Token": token, "Accept": "application/json"})

    def run(self, name: str, **variables: Any) -> dict[str, Any]:
        """The data of one operation; raises a StockroomError that says what is wrong."""
        return self._run(name, variables).data

    def pages(
        self,
        name: str,
        sizes: Variables,
        *,
        after: str | None = None,
        find: Callable[[dict[str, Any]], dict[str, Any]] = _page,
        **variables: Any,
    ) -> Iterator[list[dict[str, Any]]]:
        """The nodes of a connection, page by page to the end; `find` picks the connection from an answer's data.

        `sizes` holds the numbers to begin with, the page's own `first` among them, and is kept up to date: they shrink
        when a query would cost too much, and `first` grows while pages are cheap. Whoever reads the pages may enlarge
        the others in between.
        """
        while True:
            try:
                reply = self._run(name, {**variables, **sizes, "after": after})
            except TooCostly:
                sizes.update(smaller(sizes))
                continue
            connection = find(reply.data)
            yield connection["nodes"]
            after = next_cursor(connection["pageInfo"], after)
            if after is None:
                return
            sizes["first"] = next_size(sizes["first"], reply.cost, self._budget)

    def _run(self, name: str, variables: Variables) -> Reply:
        failures = 0
        self._pause(self._budget.wait(self._costs.get(name, 0), self._clock()) if self._budget else 0)
        while True:
            try:
                reply = self._send(name, variables)
            except Throttled as error:
                self._budget = error.budget
                self._pause(error.wait + random.random() / 2)  # noqa: S311 - spreads out workers, guards nothing
            except ProviderBusy as error:
                failures += 1
                wait = max(error.wait, 2 ** (failures - 2)) * (1 + random.random() / 4)  # noqa: S311
                if failures == ATTEMPTS or isinstance(error, OutOfTime) or not self._has_time(wait):
                    raise  # what is wrong says more than that time is short
                self._sleep(wait)
            else:
                self._budget, self._costs[name] = reply.budget, reply.cost
                return reply

    def _send(self, name: str, variables: Variables) -> Reply:
        now = self._clock()
        left = self._deadline - now
        if left <= 0:
            raise _out_of_time()
        try:
            reply = self._session.post(
                self._url,
                json={"query": queries.operation(name), "variables": variables},
                timeout=(min(_CONNECT, left), min(_READ, left)),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            if self._clock() >= self._deadline:
                raise _out_of_time() from None
            raise ProviderBusy(
                f"Shopify cannot be reached ({type(error).__name__}); try again later.", wait=1
            ) from None
        return decipher(reply.status_code, reply.headers, reply.content, version=self._version, now=self._clock())

    def _pause(self, seconds: float) -> None:
        if not self._has_time(seconds):
            raise _out_of_time()
        if seconds > 0:
            self._sleep(seconds)

    def _has_time(self, seconds: float) -> bool:
        return self._clock() + seconds < self._deadline


def next_size(first: int, cost: float, budget: Budget | None) -> int:
    """How many objects the next page may have, from what this one cost; it never grows to more than double."""
    target = min(_TARGET, budget.maximum) if budget else _TARGET
    return max(1, min(2 * first, int(first * target / max(cost, 1)), _LARGEST))


def smaller(sizes: Variables) -> Variables:
    """Half of the outermost size that can still be halved; raises TooCostly when every one is at one."""
    for name in ("first", "items", "nested", "levels", "deep"):
        if sizes.get(name, 1) > 1:
            return {**sizes, name: sizes[name] // 2}
    raise TooCostly("Even a page of one object costs more than Shopify allows for a single query.")


def next_cursor(info: dict[str, Any], before: str | None) -> str | None:
    """Where the next page begins, or None after the last; raises ProviderError rather than go in circles."""
    if not info["hasNextPage"]:
        return None
    cursor: str | None = info["endCursor"]
    if cursor is None or cursor == before:
        raise ProviderError("Shopify says that a list goes on, but not where; try again later.")
    return cursor


def _out_of_time() -> OutOfTime:
    return OutOfTime("This shop is too big to be read in one call.", wait=1)
