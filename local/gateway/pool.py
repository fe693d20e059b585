"""Warm processes, ready for the next activation of their function."""

import contextlib
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.gateway import stage
from local.gateway.container import Container
from local.gateway.project import Function

KEEP_WARM = 60.0
"""Seconds that a process may idle: less than on the platform, so that a burst does not fill this machine for long."""

Output = Callable[[Function, str], None]


@dataclass(frozen=True, slots=True)
class _Idle:
    container: Container
    fingerprint: int
    since: float


class Pool:
    """Hands out a container per activation: a warm one if there is one and no file has changed, else a new one."""

    def __init__(self, folder: Path, output: Output, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._output = output
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[_Idle]] = defaultdict(list)
        self._all: set[Container] = set()
        self._closed = threading.Event()
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier run laid out

    @contextlib.contextmanager
    def container(self, function: Function) -> Iterator[tuple[Container, bool]]:
        """A container of one's own for a while, and whether it is warm; raises a ProjectError for a wrong function."""
        fingerprint = stage.fingerprint(function)
        warm = self._take(function, fingerprint)
        container = warm or self._new(function)
        try:
            yield container, warm is not None
        finally:
            self._give_back(container, fingerprint)

    def watch(self) -> None:
        """Close what has idled for too long, until the pool is closed."""
        while not self._closed.wait(KEEP_WARM / 4):
            self.close_idle()

    def close_idle(self) -> None:
        """Close what has idled for too long."""
        oldest = self._clock() - KEEP_WARM
        self._close_those(lambda idle: idle.since < oldest)

    def close(self) -> None:
        """End every process, also those at work."""
        self._closed.set()
        with self._lock:
            containers = list(self._all)
            self._idle.clear()
        for container in containers:
            container.close()

    def _take(self, function: Function, fingerprint: int) -> Container | None:
        self._close_those(lambda idle: idle.container.function == function and idle.fingerprint != fingerprint)
        with self._lock:
            idle = self._idle[function.full_name]
            return idle.pop().container if idle else None

    def _new(self, function: Function) -> Container:
        folder = self._folder / function.package / function.name
        with self._lock:
            stage.stage(stage.layout(function), folder)
            container = Container(function, folder, lambda line: self._output(function, line))
            self._all.add(container)
        if self._closed.is_set():
            self._discard(container)
        return container

    def _give_back(self, container: Container, fingerprint: int) -> None:
        if not container.alive or self._closed.is_set():
            self._discard(container)
            return
        with self._lock:
            self._idle[container.function.full_name].append(_Idle(container, fingerprint, self._clock()))

    def _close_those(self, unwanted: Callable[[_Idle], bool]) -> None:
        with self._lock:
            found = [idle for several in self._idle.values() for idle in several if unwanted(idle)]
            for idle in found:
                self._idle[idle.container.function.full_name].remove(idle)
        for idle in found:
            self._discard(idle.container)

    def _discard(self, container: Container) -> None:
        with self._lock:
            self._all.discard(container)
        container.close()
