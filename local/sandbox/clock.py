"""The sandbox's time, which a test may move forward."""

import time
from collections.abc import Callable


class Clock:
    """`clock()` is what tokens, codes and budgets live by; `clock.real()` what the app compares with its own time."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self.real = real
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.real() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
