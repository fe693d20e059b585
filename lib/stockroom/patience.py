"""How long a caller may wait: for a budget to refill, for a provider that failed, for an answer."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from stockroom.errors import OutOfTime, ProviderBusy

T = TypeVar("T")

ATTEMPTS = 6
"""Tries at one call that fails for no fault of ours."""

_CONNECT = 3.05
_READ = 20.0


class Patience:
    """A deadline, in seconds since 1970, and how to wait for it."""

    def __init__(
        self,
        deadline: float = float("inf"),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.now = clock
        self._deadline = deadline
        self._sleep = sleep

    def pause(self, seconds: float) -> None:
        """Wait; raises OutOfTime at once if the deadline would pass meanwhile."""
        if not self._has_time(seconds):
            raise OutOfTime("This is too much to be read in one call.", wait=1)
        if seconds > 0:
            self._sleep(seconds)

    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect and to read that are left for one call; raises OutOfTime if none are."""
        self.pause(0)
        left = self._deadline - self.now()
        return min(_CONNECT, left), min(_READ, left)

    def repeat(self, call: Callable[[], T]) -> T:
        """The call's result; repeated with growing gaps, as often as is sensible, while the provider is busy."""
        failures = 0
        while True:
            try:
                return call()
            except OutOfTime:
                raise
            except ProviderBusy as error:
                failures += 1
                wait = spread(max(error.wait, 2 ** (failures - 2)))
                if failures == ATTEMPTS or not self._has_time(wait):
                    raise  # what is wrong says more than that time is short
                self._sleep(wait)

    def _has_time(self, seconds: float) -> bool:
        return self.now() + seconds < self._deadline


def spread(seconds: float) -> float:
    """Somewhat more, by chance, so that workers which failed together do not come back together."""
    return seconds * (1 + random.random() / 4)  # noqa: S311 - guards nothing
