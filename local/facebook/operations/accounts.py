"""me/accounts: the Pages a person picked, a few at a time."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from local.facebook import node
from local.facebook.access import check_self
from local.facebook.call import Ask
from local.facebook.errors import GraphError, bad_parameter, missing_permission
from local.facebook.field_syntax import Field, parse
from local.facebook.page_fields import BASIC
from local.facebook.people import Page

DEFAULT_LIMIT = 25
MOST = 100
DEFAULT = tuple(Field(name) for name in ("access_token", "category", "category_list", "name", "id", "tasks"))


@dataclass(frozen=True)
class Slice:
    """Where in a person's Pages an answer stands. What may not be seen is left out only after slicing."""

    pages: Sequence[Page]
    start: int
    limit: int

    @property
    def here(self) -> Sequence[Page]:
        return self.pages[self.start : self.start + self.limit]

    @property
    def is_last(self) -> bool:
        return self.start + self.limit >= len(self.pages)


def listed(ask: Ask, person: str) -> object:
    """One page of the list. It may be short or empty although more follow: only a missing `next` is the end."""
    check_self(ask, person)
    if not ask.caller.grant.allows("pages_show_list"):
        raise missing_permission("pages_show_list")
    wanted = parse(ask.call.params["fields"]) if ask.call.params.get("fields") else DEFAULT
    return answered(ask, person, wanted, ask.call.params)


def answered(ask: Ask, person: str, wanted: Sequence[Field], given: Mapping[str, str]) -> dict[str, object]:
    """The same for the edge itself and for `me?fields=accounts.limit(100){...}`."""
    node.check_fields(ask, wanted, with_tasks=True)
    if any(one.name not in BASIC for one in wanted) and not ask.caller.grant.allows("pages_read_engagement"):
        raise missing_permission("pages_read_engagement")
    part = _slice(ask.world.pages_of(person), given)
    items = [node.values(ask, page, wanted) for page in part.here if _is_listed(ask, page)]
    found: dict[str, object] = {"data": items}
    if part.here:
        found["paging"] = _paging(ask, person, part, given)
    if "total_count" in given.get("summary", "") or given.get("summary") in {"1", "true"}:
        found["summary"] = {"total_count": sum(_is_listed(ask, page) for page in part.pages)}
    return found


def _is_listed(ask: Ask, page: Page) -> bool:
    """A portfolio's Page is missing without a word, unless business_management was granted."""
    grant = ask.caller.grant
    return grant.covers(page.id) and (page.portfolio is None or grant.allows("business_management"))


def _slice(pages: Sequence[Page], given: Mapping[str, str]) -> Slice:
    limit = given.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdecimal() and int(limit) > 0):
        raise bad_parameter("Param limit must be an integer greater than or equal to 1")
    most = min(int(limit), MOST)
    if given.get("after"):
        return Slice(pages, _position(pages, given["after"]) + 1, most)
    if given.get("before"):
        end = _position(pages, given["before"])
        return Slice(pages, max(0, end - most), min(most, end) or most)
    return Slice(pages, 0, most)


def _cursor(page: Page) -> str:
    return base64.urlsafe_b64encode(f"QVFI{page.id}".encode()).decode()


def _position(pages: Sequence[Page], cursor: str) -> int:
    try:
        name = base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("QVFI")
    except (binascii.Error, UnicodeError, ValueError):
        raise GraphError(2642) from None
    found = [number for number, page in enumerate(pages) if page.id == name]
    if not found:
        raise GraphError(2642)
    return found[0]


def _paging(ask: Ask, person: str, part: Slice, given: Mapping[str, str]) -> dict[str, object]:
    """`next` and `previous` hold the token, as the real ones do: whoever follows them literally is seen doing it."""
    paging: dict[str, object] = {
        "cursors": {"before": _cursor(part.here[0]), "after": _cursor(part.here[-1])},
    }
    kept = {name: value for name, value in given.items() if name not in {"after", "before", "method"}}
    kept = {"access_token": ask.call.token, **kept, "limit": str(part.limit)}
    place = f"{ask.call.address}/graph/{ask.version}/{person}/accounts"
    if not part.is_last:
        paging["next"] = f"{place}?{urlencode({**kept, 'after': _cursor(part.here[-1])})}"
    if part.start > 0:
        paging["previous"] = f"{place}?{urlencode({**kept, 'before': _cursor(part.here[0])})}"
    return paging
