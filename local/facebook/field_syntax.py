"""`fields=id,picture.type(large){url},location{city}`: the Graph API's little language, read."""

import re
from dataclasses import dataclass, field

from local.facebook.errors import GraphError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ARGUMENT = re.compile(r"\.([A-Za-z_]+)\(([^()]*)\)")
_DEEPEST = 8


@dataclass(frozen=True)
class Field:
    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    """`.limit(5)` and its like."""
    inner: tuple["Field", ...] | None = None
    """What stands in braces; None if there are none."""


def parse(text: str) -> tuple[Field, ...]:
    """The fields asked for, each once."""
    reader = _Reader(text)
    fields = reader.fields(0)
    if reader.at < len(text):
        raise reader.trouble("end of string")
    return fields


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fields(self, depth: int) -> tuple[Field, ...]:
        found = [self._field(depth)]
        while self._take(","):
            found.append(self._field(depth))
        return tuple({one.name: one for one in found}.values())

    def trouble(self, expected: str) -> GraphError:
        instead = f'"{self.text[self.at]}"' if self.at < len(self.text) else "end of string"
        said = f'Syntax error "Expected {expected} instead of {instead}." at character {self.at}: {self.text}'
        return GraphError(2500, said)

    def _field(self, depth: int) -> Field:
        self._skip_blanks()
        name = _NAME.match(self.text, self.at)
        if name is None or depth > _DEEPEST:
            raise self.trouble("name")
        self.at = name.end()
        arguments = {}
        while argument := _ARGUMENT.match(self.text, self.at):
            self.at = argument.end()
            arguments[argument[1]] = argument[2].strip("'\"")
        return Field(name[0], arguments, self._braces(depth))

    def _braces(self, depth: int) -> tuple[Field, ...] | None:
        if not self._take("{"):
            return None
        inner = self.fields(depth + 1)
        if not self._take("}"):
            raise self.trouble('"}"')
        return inner

    def _take(self, character: str) -> bool:
        self._skip_blanks()
        if self.text.startswith(character, self.at):
            self.at += 1
            self._skip_blanks()
            return True
        return False

    def _skip_blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
