"""The leaky bucket of one shop: points come back every second, a query takes what it may cost and returns the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

HAIR = 0.01
"""Points that floating-point time may lose: whoever has waited as long as told must not be refused for them."""


@dataclass(frozen=True)
class Plan:
    maximum: float
    restore_rate: float
    title: str


PLANS = {
    "standard": Plan(2000, 100, "Basic"),
    "advanced": Plan(4000, 200, "Advanced"),
    "plus": Plan(20_000, 1000, "Shopify Plus"),
    "enterprise": Plan(40_000, 2000, "Commerce Components"),
}


class Bucket:
    """Safe for many threads. Never fuller than the plan allows, never below zero."""

    def __init__(self, plan: Plan, clock: Callable[[], float]) -> None:
        self.plan = plan
        self._clock = clock
        self._lock = Lock()
        self._points = plan.maximum
        self._filled = clock()

    def reserve(self, cost: float) -> bool:
        """Take so many points; False, and nothing taken, if there are too few."""
        with self._lock:
            self._refill()
            enough = cost <= self._points + HAIR
            if enough:
                self._points = max(0.0, self._points - cost)
            return enough

    def refund(self, points: float) -> None:
        with self._lock:
            self._refill()
            self._points = min(self.plan.maximum, self._points + points)

    def status(self) -> dict[str, float]:
        """`throttleStatus`, as it stands in every answer."""
        with self._lock:
            self._refill()
            available = int(self._points)
        most, rate = float(self.plan.maximum), float(self.plan.restore_rate)
        return {"maximumAvailable": most, "currentlyAvailable": available, "restoreRate": rate}

    def _refill(self) -> None:
        now = self._clock()
        restored = max(0.0, now - self._filled) * self.plan.restore_rate
        self._points, self._filled = min(self.plan.maximum, self._points + restored), now
