"""One process that runs one function, one activation at a time; it stays warm until something goes wrong."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.gateway import launcher
from local.gateway.memory import peak_memory
from local.gateway.outcome import MAX_BYTES, MEGABYTE, Ending, Outcome, failed, returned
from local.gateway.project import Function

Output = Callable[[str], None]
"""Takes one line that a function wrote."""

_GLANCE = 0.05
"""Seconds between two looks at a running function's memory."""

_CHUNK = 64 * 1024


class Container:
    """`run` until `alive` is false, then `close`."""

    def __init__(self, function: Function, folder: Path, output: Output) -> None:
        self.function = function
        self.alive = True
        self._busy = threading.Lock()
        commands, self._commands = os.pipe()
        self._results, results = os.pipe()
        self._pipes = [self._commands, self._results]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", launcher.__file__, str(commands), str(results)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(commands, results),
            cwd=folder,
            env=_process_environment(),
            start_new_session=True,  # Ctrl-C is for the gateway; and whatever the function starts can be ended with it
        )
        os.close(commands)
        os.close(results)
        self._output = _OutputReader(self._process, output, function.limits.logs * 1024)

    def start(self) -> Outcome:
        """Import the function."""
        environment = {**_process_environment(), **self.function.environment}
        outcome = self._ask({"env": environment, "main": self.function.main})
        if outcome.result == {"ok": True} or outcome.ending not in (Ending.RETURNED, Ending.CRASHED):
            return outcome
        self.alive = False
        return failed(Ending.NOT_STARTED, outcome.detail or str(outcome.result.get("error", "")))

    def run(self, event: Mapping[str, Any], context: Mapping[str, str]) -> Outcome:
        """Call the function once. `context` has the platform's `__OW_*` values: lower case, without that prefix."""
        deadline = int((time.time() + self.function.limits.timeout / 1000) * 1000)
        return self._ask({"value": event, "context": {**context, "deadline": deadline}})

    @property
    def lines(self) -> tuple[str, ...]:
        """What the function wrote since its last command."""
        return tuple(self._output.lines)

    def close(self) -> None:
        """End the process and everything that it started."""
        self._kill()
        with self._busy:  # whoever waits for an answer learns now that there will be none
            self._process.wait()
            self._output.finish()
            while self._pipes:
                os.close(self._pipes.pop())

    def _kill(self) -> None:
        self.alive = False
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left in the group
            os.killpg(self._process.pid, signal.SIGKILL)

    def _ask(self, command: Mapping[str, Any]) -> Outcome:
        with self._busy:
            return self._exchange(command)

    def _exchange(self, command: Mapping[str, Any]) -> Outcome:
        self._output.begin()
        with contextlib.suppress(BrokenPipeError):  # it has died: the answer will say so
            _write(self._commands, json.dumps(command).encode() + b"\n")
        outcome = self._answer(time.monotonic() + self.function.limits.timeout / 1000)
        if outcome.ending not in (Ending.RETURNED, Ending.NO_DICTIONARY):
            self._kill()
        self._output.wait()
        return outcome

    def _answer(self, deadline: float) -> Outcome:
        """The next line of results, or why there is none."""
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._results, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                ready = selector.select(max(0.0, min(_GLANCE, deadline - time.monotonic())))
                chunk = os.read(self._results, _CHUNK) if ready else None
                if chunk == b"":
                    return failed(Ending.CRASHED, self._how_it_ended())
                received += chunk or b""
                if (excess := self._excess(received, deadline)) is not None:
                    return excess
        return returned(bytes(received[:-1]))

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its connection to the platform"
        return (
            f"it was killed by {signal.Signals(-code).name}" if code < 0 else f"it ended itself with exit code {code}"
        )

    def _excess(self, received: bytearray, deadline: float) -> Outcome | None:
        """The limit that is broken, if one is."""
        used = peak_memory(self._process.pid)
        if used > self.function.limits.memory * MEGABYTE:
            return failed(Ending.OUT_OF_MEMORY, f"{used / MEGABYTE:,.0f} MB")
        if time.monotonic() >= deadline and not received.endswith(b"\n"):
            return failed(Ending.TIMED_OUT)
        if len(received) > MAX_BYTES + 1:
            return failed(Ending.TOO_LARGE, f"more than {MAX_BYTES:,} bytes")
        return None


class _OutputReader:
    """Passes on what a process writes, line by line, and knows where one activation's output ends."""

    def __init__(self, process: subprocess.Popen[bytes], output: Output, limit: int) -> None:
        self.lines: list[str] = []
        self._process = process
        self._output = output
        self._limit = limit
        self._room = limit
        self._complete = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def begin(self) -> None:
        self.lines = []
        self._room = self._limit
        self._complete.clear()

    def wait(self) -> None:
        """Until the output is complete, or the function's own children keep it open."""
        self._complete.wait(1.0)

    def finish(self) -> None:
        self._thread.join(1.0)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as stream:
            for raw in iter(lambda: stream.readline(_CHUNK), b""):
                line = raw.decode(errors="replace").rstrip("\n")
                ended = line.endswith(launcher.END_OF_OUTPUT)
                if text := line.removesuffix(launcher.END_OF_OUTPUT):
                    self._pass_on(text)
                if ended:
                    self._complete.set()
        self._complete.set()

    def _pass_on(self, line: str) -> None:
        if self._room < 0:
            return
        self._room -= len(line) + 1
        if self._room < 0:
            line = f"... the rest is cut off: limits.logs of project.yml allows {self._limit // 1024} KB"
        self.lines.append(line)
        self._output(line)


def _process_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
