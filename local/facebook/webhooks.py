"""What a webhook says, and who is told."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.facebook.page_fields import WITH_VALUE, webhook_field
from local.facebook.people import Page
from local.facebook.signing import webhook_body
from local.facebook.subscriptions import Subscription

MOST_CHANGES = 1000
TEST_PAGE = "0"


@dataclass(frozen=True)
class News:
    """What changed on one Page, as its webhook names it."""

    page: str
    values: dict[str, Any]


def news(page: Page, changed: Iterable[str], subscribed: Iterable[str]) -> News:
    """The changed fields that are subscribed on both levels, with their values now."""
    names = {field: webhook_field(field) for field in changed}
    wanted = set(subscribed)
    return News(page.id, {name: page.fields.get(field) for field, name in names.items() if name and name in wanted})


def bodies(all_news: Iterable[News], subscription: Subscription, now: int) -> Iterable[tuple[bytes, int]]:
    """One request's body after another, with its number of changes: never more than a thousand in one."""
    entries: list[dict[str, Any]] = []
    size = 0
    for one in (one for one in all_news if one.values):
        if size + len(one.values) > MOST_CHANGES:
            yield webhook_body({"object": subscription.object, "entry": entries}), size
            entries, size = [], 0
        entries.append(_entry(one, now, with_values=subscription.include_values))
        size += len(one.values)
    if entries:
        yield webhook_body({"object": subscription.object, "entry": entries}), size


def _entry(one: News, now: int, *, with_values: bool) -> dict[str, Any]:
    start: dict[str, Any] = {"id": one.page, "time": now}
    if not with_values:
        return start | {"changed_fields": list(one.values)}
    return start | {"changes": [_change(name, value) for name, value in one.values.items()]}


def _change(name: str, value: object) -> Mapping[str, object]:
    if name not in WITH_VALUE or value is None:
        return {"field": name}
    return {"field": name, "value": value if isinstance(value, str) else json.dumps(value)}
