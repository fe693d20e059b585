"""Runs functions, each activation once, within the platform's limits, and keeps the records of those that leave one."""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.gateway.errors import ProjectError
from local.gateway.outcome import Ending, Outcome, failed
from local.gateway.pool import Pool
from local.gateway.project import Function

NAMESPACE = "fn-local"
CONCURRENT = 120
"""How many activations the platform lets run at once in one namespace."""

RECORDS = 1_000
"""How many records are kept; the platform keeps them for three days."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One run of one function. Times are in seconds since 1970."""

    id: str
    function: Function
    outcome: Outcome
    began: float
    ended: float
    warm: bool = False
    lines: tuple[str, ...] = ()

    @property
    def milliseconds(self) -> int:
        """How long it took."""
        return round((self.ended - self.began) * 1000)


class TooMany(Exception):
    """As many activations are at work as the platform allows."""


class Activations:
    """Starts activations and finds their records."""

    def __init__(self, pool: Pool, api_host: str, ended: Callable[[Activation], None] = lambda _: None) -> None:
        self._pool = pool
        self._api_host = api_host
        self._ended = ended
        self._records: OrderedDict[str, Activation] = OrderedDict()
        self._free = threading.BoundedSemaphore(CONCURRENT)
        self._threads = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="activation")

    def web(self, function: Function, event: Mapping[str, Any]) -> tuple[str, "Future[Activation]"]:
        """Start a web function. Its activation leaves no record, as on the platform."""
        return self._start(function, event, lambda _: None)

    def invoke(self, function: Function, event: Mapping[str, Any]) -> tuple[str, "Future[Activation]"]:
        """Start any function by the API: the activation's id, and the activation to come."""
        return self._start(function, event, self._keep)

    def record(self, activation_id: str) -> Activation | None:
        """An activation that has ended, if it left a record."""
        return self._records.get(activation_id)

    def close(self) -> None:
        """Accept no more, and wait for those at work; close the pool first to end them."""
        self._threads.shutdown(cancel_futures=True)

    def _start(
        self, function: Function, event: Mapping[str, Any], keep: Callable[[Activation], None]
    ) -> tuple[str, "Future[Activation]"]:
        if not self._free.acquire(blocking=False):
            raise TooMany
        activation_id = uuid.uuid4().hex
        try:
            future = self._threads.submit(self._run, function, event, activation_id, keep)
        except RuntimeError:
            self._free.release()
            raise
        return activation_id, future

    def _run(
        self, function: Function, event: Mapping[str, Any], activation_id: str, keep: Callable[[Activation], None]
    ) -> Activation:
        began = time.time()
        try:
            outcome, warm, lines = self._in_container(function, event, activation_id)
        except ProjectError as error:
            outcome, warm, lines = failed(Ending.NOT_STARTED, str(error)), False, ()
        finally:
            self._free.release()
        activation = Activation(activation_id, function, outcome, began, time.time(), warm, lines)
        keep(activation)
        return activation

    def _in_container(
        self, function: Function, event: Mapping[str, Any], activation_id: str
    ) -> tuple[Outcome, bool, tuple[str, ...]]:
        with self._pool.container(function) as (container, warm):
            started = None if warm else container.start()
            if started and started.result != {"ok": True}:
                return started, False, container.lines
            outcome = container.run({**function.parameters, **event}, self._context(function, activation_id))
            return outcome, warm, container.lines

    def _context(self, function: Function, activation_id: str) -> dict[str, str]:
        return {
            "namespace": NAMESPACE,
            "action_name": f"/{NAMESPACE}/{function.full_name}",
            "action_version": "0.0.1",
            "activation_id": activation_id,
            "transaction_id": uuid.uuid4().hex,
            "api_host": self._api_host,
        }

    def _keep(self, activation: Activation) -> None:
        self._records[activation.id] = activation
        while len(self._records) > RECORDS:
            self._records.popitem(last=False)
        self._ended(activation)


def record(activation: Activation) -> dict[str, Any]:
    """The record as the platform's API shows it."""
    outcome = activation.outcome
    return {
        "activationId": activation.id,
        "namespace": NAMESPACE,
        "name": activation.function.name,
        "version": "0.0.1",
        "start": int(activation.began * 1000),
        "end": int(activation.ended * 1000),
        "duration": activation.milliseconds,
        "response": {
            "status": _status(outcome),
            "success": outcome.succeeded,
            "result": outcome.result,
        },
        "logs": list(activation.lines),
        "annotations": [{"key": "path", "value": f"{NAMESPACE}/{activation.function.full_name}"}],
    }


def _status(outcome: Outcome) -> str:
    if outcome.succeeded:
        return "success"
    return "application error" if outcome.ending is Ending.RETURNED else "action developer error"
