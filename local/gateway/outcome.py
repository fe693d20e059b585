"""How an activation ended, without I/O: the words the platform has for it, and the judgement of a result."""

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

MEGABYTE = 1024 * 1024
MAX_BYTES = MEGABYTE
"""The platform's limit for what goes into a function and for what comes out."""


class Ending(Enum):
    """Why an activation is over. Only RETURNED has a result of the function's own."""

    RETURNED = auto()
    NOT_STARTED = auto()
    CRASHED = auto()
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()
    NO_DICTIONARY = auto()
    TOO_LARGE = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """An ending, the result, and what there is to say about it."""

    ending: Ending
    result: dict[str, Any]
    detail: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the platform would call it a success: a result without the key `error`."""
        return self.ending is Ending.RETURNED and "error" not in self.result


def returned(line: bytes) -> Outcome:
    """Judge the one line that a function's process answered."""
    if len(line) > MAX_BYTES:
        return failed(Ending.TOO_LARGE, f"{len(line):,} bytes, where {MAX_BYTES:,} are allowed")
    try:
        result = json.loads(line, parse_constant=_refuse)
    except ValueError as error:
        return failed(Ending.NO_DICTIONARY, str(error))
    if not isinstance(result, dict):
        return failed(Ending.NO_DICTIONARY, f"a {type(result).__name__}")
    return Outcome(Ending.RETURNED, result)


def failed(ending: Ending, detail: str = "") -> Outcome:
    """An ending without a result of the function's own; the platform puts an error in its place."""
    return Outcome(ending, {"error": _PLATFORM_SAYS[ending]}, detail)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant}, which is not JSON")


_PLATFORM_SAYS = {
    Ending.NOT_STARTED: "Initialization of the action failed.",
    Ending.CRASHED: "The action did not produce a valid response and exited unexpectedly.",
    Ending.TIMED_OUT: "The action exceeded its time limits.",
    Ending.OUT_OF_MEMORY: "The action exhausted its memory and was aborted.",
    Ending.NO_DICTIONARY: "The action did not return a dictionary.",
    Ending.TOO_LARGE: "The action produced a response that exceeded the allowed length.",
}
