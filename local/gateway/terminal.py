"""What a person sees in the terminal: one line for each request, and whatever the functions write."""

import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_RESET = "\x1b[0m"
_FAINT, _RED, _GREEN, _YELLOW, _CYAN = "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `path` is without its query, which carries codes and signatures."""

    method: str
    path: str
    status: int
    milliseconds: int
    function: str = ""
    warm: bool | None = None


class Terminal:
    """Writes whole lines, whichever thread they come from."""

    def __init__(self, stream: TextIO = sys.stderr, *, colour: bool = False) -> None:
        self._stream = stream
        self._colour = colour
        self._lock = threading.Lock()

    def request(self, line: Line) -> None:
        """One answered request."""
        start = {None: "", True: "warm", False: "cold"}[line.warm]
        path = "".join(character if character.isprintable() else "?" for character in line.path)
        status = self._painted(str(line.status), _of_status(line.status))
        function = self._painted(f"  {line.function} {start}".rstrip(), _FAINT) if line.function else ""
        self._write(f"{line.method:<7} {status} {line.milliseconds:>6} ms  {path}{function}")

    def output(self, function: str, text: str) -> None:
        """A line that a function wrote."""
        self._write(f"{self._painted(f'{function} |', _CYAN)} {text}")

    def notice(self, text: str) -> None:
        """Something the developer should know."""
        self._write(f"{self._painted('note:', _YELLOW)} {text}")

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colour else text

    def _write(self, text: str) -> None:
        with self._lock, contextlib.suppress(OSError):  # whoever read along has gone; the requests have not
            self._stream.write(f"{text}\n")
            self._stream.flush()


def wants_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Only where a person looks, and has not said otherwise (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR")


def _of_status(status: int) -> str:
    if status >= 500:
        return _RED
    return _YELLOW if status >= 400 else _GREEN
