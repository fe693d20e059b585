"""A shop's Admin API: runs named operations, waits where the query budget asks for it, repeats what may be repeated."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

from stockroom.errors import ProviderBusy, ProviderError
from stockroom.patience import Patience, spread
from stockroom.settings import ShopifyApi
from stockroom.shopify import queries, shops
from stockroom.shopify.reply import Budget, Reply, Throttled, TooCostly, decipher

_TARGET = 800
"""Points that a page may cost; a single query may not exceed 1,000."""

_LARGEST = 250
"""Objects in a page, whatever they cost."""

Variables = dict[str, Any]


def _page(data: dict[str, Any]) -> dict[str, Any]:
    connection: dict[str, Any] = data["page"]
    return connection


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
        self._patience = Patience(deadline, clock, sleep)
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
        self._patience.pause(self._budget.wait(self._costs.get(name, 0), self._patience.now()) if self._budget else 0)
        reply = self._patience.repeat(lambda: self._when_there_is_room(name, variables))
        self._budget, self._costs[name] = reply.budget, reply.cost
        return reply

    def _when_there_is_room(self, name: str, variables: Variables) -> Reply:
        """Being throttled is no failure: the budget says for how long, and it may happen as often as it likes."""
        while True:
            try:
                return self._send(name, variables)
            except Throttled as error:
                self._budget = error.budget
                self._patience.pause(spread(error.wait))

    def _send(self, name: str, variables: Variables) -> Reply:
        try:
            reply = self._session.post(
                self._url,
                json={"query": queries.operation(name), "variables": variables},
                timeout=self._patience.timeouts(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self._patience.pause(0)
            raise ProviderBusy(
                f"Shopify cannot be reached ({type(error).__name__}); try again later.", wait=1
            ) from None
        now = self._patience.now()
        return decipher(reply.status_code, reply.headers, reply.content, version=self._version, now=now)


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
