"""What an answer of the Admin API means, without I/O.

Errors come as HTTP statuses, but more often inside a 200. Data that comes together with errors has holes, so it is
never used. Source: shopify.dev, GraphQL Admin API, response codes and rate limits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stockroom.errors import LoginNeeded, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError

_OK = 200
_SERVER_FAILED = 500
_SHOWN = 200
_LONGEST_WAIT = 3600.0
"""Seconds; whoever is asked to wait longer than its deadline gives up at once, so this only bounds nonsense."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The query points left for this app and shop: the bucket refills by `rate` points a second."""

    maximum: float
    available: float
    rate: float
    seen: float
    """When this was told, in seconds since 1970."""

    def wait(self, cost: float, now: float) -> float:
        """Seconds until a query of this cost may be sent."""
        available = min(self.maximum, self.available + (now - self.seen) * self.rate)
        return max(0.0, (min(cost, self.maximum) - available) / self.rate)


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer. `cost` is what the query had to reserve, in points."""

    data: dict[str, Any]
    cost: float
    budget: Budget | None


class TooCostly(ProviderError):
    """The query asks for more than a single query may: ask for less at a time."""


class Throttled(ProviderBusy):
    """The budget is used up for now; `budget` says how far."""

    def __init__(self, *, wait: float, budget: Budget | None) -> None:
        super().__init__(
            f"Shopify's query budget for this shop is used up; it works again in {wait:.0f} seconds.", wait=wait
        )
        self.budget = budget


def decipher(status: int, headers: Mapping[str, str], body: bytes, *, version: str, now: float) -> Reply:
    """The data in an answer; raises what the answer means otherwise. `headers` is case-insensitive."""
    if status != _OK:
        raise _by_status(status, headers, body)
    served = headers.get("X-Shopify-API-Version", version)
    if served != version:
        raise SetupError(
            f"Shopify does not serve version {version} and answered in {served}: "
            "set SHOPIFY_API_VERSION to a supported one."
        )
    try:
        content = _whole_characters(json.loads(body), body)
        cost = (content.get("extensions") or {}).get("cost") or {}
        budget = _budget(cost, now)
        requested = float(cost.get("requestedQueryCost") or 0)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise ProviderError("Shopify's answer is not the JSON it should be; try again later.") from None
    if content.get("errors"):
        raise _by_errors(content["errors"], requested, budget)
    if not isinstance(content.get("data"), dict):
        raise ProviderError("Shopify's answer holds no data; try again later.")
    return Reply(content["data"], requested, budget)


def _whole_characters(content: Any, body: bytes) -> Any:
    """Replace half characters, as programs leave them that cut texts to a length: UTF-8, and so an answer, has none."""
    if b"\\ud" not in body.lower():
        return content
    return json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))


def _by_status(status: int, headers: Mapping[str, str], body: bytes) -> StockroomError:
    if status >= _SERVER_FAILED:
        return ProviderBusy(f"Shopify failed (HTTP {status}); try again in a moment.", wait=1)
    if status in _WAIT:
        wait = _seconds(headers.get("Retry-After", ""))
        return ProviderBusy(
            f"Shopify asks us to wait (HTTP {status}); it works again in {wait:.0f} seconds.", wait=wait
        )
    if status == 403 and b"non-expiring" in body.lower():  # noqa: PLR2004
        return LoginNeeded("Shopify accepts expiring tokens only and this shop's is of the old kind: log in again.")
    kind, message = _STATUSES.get(status, (ProviderError, f"Shopify answered HTTP {status}; try again later."))
    return kind(message)


_WAIT = (429, 430)
_STATUSES: dict[int, tuple[type[StockroomError], str]] = {
    401: (LoginNeeded, "Shopify does not accept this shop's token any more: log in again."),
    402: (OwnerError, "Shopify has frozen this shop until its bill is paid."),
    403: (
        ProviderError,
        (
            "Shopify refuses this app's calls (HTTP 403): if for every shop, put the functions' addresses on the app's "
            "IP allowlist; if only for this one, log in again."
        ),
    ),
    404: (OwnerError, "Shopify does not know this shop: check its name, or whether it was closed."),
    423: (OwnerError, "Shopify has locked this shop; its owner has to contact Shopify."),
}


def _by_errors(errors: Any, requested: float, budget: Budget | None) -> StockroomError:
    """The gravest of the errors; `errors` is a list of objects, or of texts, or one text."""
    found = errors if isinstance(errors, list) else [errors]
    codes = {_code(error) for error in found}
    if "THROTTLED" in codes:
        wait = budget.wait(requested, budget.seen) if budget else 1.0
        return Throttled(wait=max(1.0, wait), budget=budget)
    if "MAX_COST_EXCEEDED" in codes:
        return TooCostly("A single query to Shopify asks for too much.")
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        return ProviderBusy("Shopify failed inside; try again in a moment.", wait=1)
    message = "; ".join(_message(error) for error in found)[:_SHOWN]
    if "ACCESS_DENIED" in codes:
        return OwnerError(f"Shopify denies access to a part of the shop: log in again and grant all of it. ({message})")
    if "SHOP_INACTIVE" in codes:
        return OwnerError("Shopify has paused or closed this shop.")
    return ProviderError(f"Shopify could not answer all of a query, so none of it is used. ({message})")


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _message(error: Any) -> str:
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)


def _budget(cost: Mapping[str, Any], now: float) -> Budget | None:
    status = cost.get("throttleStatus")
    if not status:
        return None
    return Budget(
        maximum=float(status["maximumAvailable"]),
        available=float(status["currentlyAvailable"]),
        rate=float(status["restoreRate"]),
        seen=now,
    )


def _seconds(text: str) -> float:
    """A Retry-After in seconds; Shopify sends it as a decimal."""
    try:
        return min(_LONGEST_WAIT, max(0.5, float(text)))
    except ValueError:
        return 2.0
