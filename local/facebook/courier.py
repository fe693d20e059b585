"""Delivering webhooks: at once, once more at once, then ever more slowly for 36 hours."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, RLock, Thread
from typing import Literal

from local.facebook.outbound import Unreachable, fetch
from local.facebook.signing import webhook_headers

PAUSES = (0, 60, 300, 900, 3600, 3 * 3600)
"""Seconds after the first failure, the second, and so on; the last one again and again."""
LAST_ATTEMPT = 36 * 3600
REMEMBERED = 500


@dataclass
class Delivery:
    """One POST to the app; the same bytes at every attempt."""

    id: str
    address: str
    body: str
    made: float
    due: float
    changes: int
    attempts: int = 0
    state: Literal["waiting", "delivered", "dropped"] = "waiting"
    answer: str = ""

    def failed(self, answer: str, now: float) -> None:
        self.answer = answer
        self.due = now + PAUSES[min(self.attempts, len(PAUSES)) - 1]
        if self.due > self.made + LAST_ATTEMPT:
            self.state = "dropped"


class Courier:
    """Sends what is due: when asked, and as long as it is started, by itself."""

    def __init__(self, secret: str, clock: Callable[[], float], deliveries: list[Delivery]) -> None:
        self.deliveries = deliveries
        self._secret = secret
        self._clock = clock
        self.lock = RLock()
        self._one_at_a_time = Lock()
        self._attention = Event()
        self._ending = False
        self._thread: Thread | None = None

    def hand_over(self, address: str, body: bytes, changes: int) -> None:
        now = self._clock()
        with self.lock:
            finished = [known for known in self.deliveries if known.state != "waiting"]
            for known in finished[: max(0, len(finished) - REMEMBERED)]:
                self.deliveries.remove(known)
            self.deliveries.append(Delivery(secrets.token_hex(8), address, body.decode(), now, now, changes))
        self.look()

    def known(self) -> list[Delivery]:
        with self.lock:
            return list(self.deliveries)

    def look(self) -> None:
        """There may be something to do: a new delivery, or the clock was moved."""
        self._attention.set()

    def send_due(self, *, all_waiting: bool = False) -> int:
        """One attempt for everything that is due, or for everything that waits; how many attempts were made."""
        with self._one_at_a_time:
            due = [known for known in self.known() if known.state == "waiting" and self._is_due(known, all_waiting)]
            for delivery in due:
                if self._ending:
                    break
                self._attempt(delivery)
            return len(due)

    def start(self) -> None:
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._attention.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._ending:
            self._attention.clear()
            self.send_due()
            if not self._ending:
                self._attention.wait(self._pause())

    def _pause(self) -> float | None:
        due = [known.due for known in self.known() if known.state == "waiting"]
        return max(0.0, min(due) - self._clock()) if due else None

    def _is_due(self, delivery: Delivery, all_waiting: bool) -> bool:
        return all_waiting or delivery.due <= self._clock()

    def _attempt(self, delivery: Delivery) -> None:
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json", **webhook_headers(body, self._secret)}
        delivery.attempts += 1
        try:
            reply = fetch("POST", delivery.address, body, headers)
        except Unreachable as error:
            delivery.failed(str(error), self._clock())
            return
        if reply.status == 200:
            delivery.state, delivery.answer = "delivered", "200"
        else:
            delivery.failed(str(reply.status), self._clock())
