"""The little of Shopify's search syntax that a sync needs: `status:active AND updated_at:>='2026-10-01T00:00:00Z'`.

Shopify ignores a filter that it does not know, which hides mistakes; here that is an error.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from graphql import GraphQLError

T = TypeVar("T")
Readers = Mapping[str, Callable[[T], str | int]]
_TERM = re.compile(r"""(\w+):(>=|<=|>|<)?("[^"]*"|'[^']*'|[^\s"']+)""")
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "": operator.eq,
    ">=": operator.ge,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    "<": operator.lt,  # type: ignore[dict-item]
}


def matching(items: Iterable[T], query: str, readers: Readers[T]) -> list[T]:
    """The items that every term of the query agrees with."""
    tests = [_test(term, readers) for term in re.split(r"\s+AND\s+|\s+", query.strip())]
    return [item for item in items if all(test(item) for test in tests)]


def _test(term: str, readers: Readers[T]) -> Callable[[T], bool]:
    found = _TERM.fullmatch(term)
    if not found or found[1] not in readers:
        known = ", ".join(readers)
        raise GraphQLError(f"The sandbox cannot search for {term!r}; here it knows {known}, joined by AND.")
    read, compare, text = readers[found[1]], _COMPARE[found[2] or ""], found[3].strip("\"'").lower()

    def test(item: T) -> bool:
        value = read(item)
        wanted = int(text) if isinstance(value, int) and text.isdecimal() else text
        return compare(value.lower() if isinstance(value, str) else value, wanted)

    return test
