"""How much of each budget is used, counted in rolling windows, and the headers that tell it."""

import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from local.facebook.errors import GraphError
from local.facebook.settings import Budgets

Kind = Literal["app", "person", "page", "page_legacy"]
WINDOWS: dict[Kind, int] = {"app": 3600, "person": 3600, "page": 86400}
MOST_IN_HEADER = 32


@dataclass(frozen=True)
class Meter:
    """One budget's state."""

    kind: Kind
    key: str
    percent: int
    minutes: int
    """Until calls are allowed again; 0 while they are."""


class Usage:
    """Safe for many threads. A call that is refused counts as well, so whoever does not wait waits longer."""

    def __init__(self, budgets: Budgets, clock: Callable[[], float]) -> None:
        self.budgets = budgets
        self._clock = clock
        self._lock = Lock()
        self._calls: dict[tuple[Kind, str], deque[float]] = defaultdict(deque)

    def count(self, kind: Kind, key: str) -> Meter:
        """One more call."""
        with self._lock:
            now, calls = self._clock(), self._calls[kind, key]
            while calls and calls[0] <= now - WINDOWS[kind]:
                calls.popleft()
            calls.append(now)
            budget: int = getattr(self.budgets, kind)
            over = len(calls) - budget
            minutes = math.ceil((calls[over] + WINDOWS[kind] - now) / 60) if over > 0 else 0
            return Meter(kind, key, len(calls) * 100 // budget, minutes)

    def forget(self) -> None:
        with self._lock:
            self._calls.clear()


def throttled(meters: Iterable[Meter], *, page_with_user_token: bool) -> GraphError | None:
    """The error of the first budget that is used up."""
    for meter in meters:
        if meter.minutes:
            person = 32 if page_with_user_token else 17
            return GraphError({"app": 4, "person": person, "page": 80001}[meter.kind], minutes=meter.minutes)
    return None


def on_demand(error: GraphError, key: str) -> list[Meter]:
    """What the headers say when a throttling was asked for, not earned."""
    kinds: dict[int | None, Kind] = {80001: "page", 32: "page_legacy"}
    minutes = error.minutes if error.minutes is not None else 5
    return [Meter(kinds.get(error.code, "app"), key, 100, minutes)]


def headers(meters: Iterable[Meter]) -> dict[str, str]:
    """The usage headers. They appear only once there is something to tell; a person's budget is not disclosed."""
    told = [meter for meter in meters if meter.percent > 0]
    found = {}
    singles: tuple[tuple[str, Kind], ...] = (("X-App-Usage", "app"), ("X-Page-Usage", "page_legacy"))
    for name, kind in singles:
        if same := [meter for meter in told if meter.kind == kind]:
            found[name] = _json(_numbers(max(same, key=lambda meter: meter.percent)))
    pages = {meter.key: _business_case(meter) for meter in told if meter.kind == "page"}
    if pages:
        found["X-Business-Use-Case-Usage"] = _json(dict(list(pages.items())[-MOST_IN_HEADER:]))
    return found


def _business_case(meter: Meter) -> list[dict[str, object]]:
    return [{"type": "pages", **_numbers(meter), "estimated_time_to_regain_access": meter.minutes}]


def _numbers(meter: Meter) -> dict[str, int]:
    """Calls here cost little time."""
    return {"call_count": meter.percent, "total_cputime": meter.percent // 4, "total_time": meter.percent // 3}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
