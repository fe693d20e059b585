"""Reading fields of a Page: what exists, what has a value, what may be seen."""

from collections.abc import Callable, Sequence

from local.facebook import media
from local.facebook.call import Ask
from local.facebook.errors import bad_parameter, missing_permission, no_such_field
from local.facebook.field_syntax import Field
from local.facebook.page_fields import EDGES, FIELDS, OBJECTS, PORTFOLIO
from local.facebook.people import Page
from local.facebook.world import has_value

SIZES = {"small": 50, "square": 50, "album": 50, "normal": 100, "large": 200}


def check_fields(ask: Ask, wanted: Sequence[Field], *, with_tasks: bool) -> None:
    """One name that does not exist fails the whole call, whether the Page has a value or not.

    `tasks` says what the person may do, not what the Page is: a Page's own token knows nothing of it.
    """
    for one in wanted:
        known = one.name in FIELDS | EDGES or (with_tasks and one.name == "tasks")
        if not known:
            raise no_such_field(one.name, "Page")
        _check_inner(one)
    if any(one.name in PORTFOLIO for one in wanted) and not ask.caller.grant.allows("business_management"):
        raise missing_permission("business_management")


def values(ask: Ask, page: Page, wanted: Sequence[Field]) -> dict[str, object]:
    """The fields that have a value, `id` always among them."""
    found = {one.name: value for one in wanted if has_value(value := _value(ask, page, one))}
    return found | {"id": page.id}


def picture(ask: Ask, page: Page, asked: Field) -> dict[str, object]:
    """`picture`: an edge with a single object in `data`."""
    whole = _picture(ask, page, asked)
    names = [one.name for one in asked.inner or ()] or ["height", "is_silhouette", "url", "width"]
    return {"data": {name: whole[name] for name in names}}


def _check_inner(asked: Field) -> None:
    if asked.inner is None:
        return
    if asked.name not in OBJECTS:
        raise bad_parameter(f"Subfields are not supported by {asked.name}")
    kind, known = OBJECTS[asked.name]
    for one in asked.inner:
        if one.name not in known:
            raise no_such_field(one.name, kind)


def _value(ask: Ask, page: Page, asked: Field) -> object:
    if asked.name == "picture":
        return picture(ask, page, asked)
    made = _MADE.get(asked.name)
    value = made(ask, page) if made else page.fields.get(asked.name)
    return value if asked.inner is None else _picked(value, [one.name for one in asked.inner])


def _picked(value: object, names: Sequence[str]) -> object:
    if isinstance(value, list):
        return [_picked(one, names) for one in value]
    return {name: value[name] for name in names if name in value} if isinstance(value, dict) else value


def _picture(ask: Ask, page: Page, asked: Field) -> dict[str, object]:
    size = SIZES.get(asked.arguments.get("type", "small"), 50)
    width, height = (_number(asked, side, size) for side in ("width", "height"))
    key = media.cache_key(page)
    url = _link(ask, f"picture/{page.id}/{key}.svg")
    silhouette = not page.fields.get("picture")
    return {"cache_key": key, "height": height, "is_silhouette": silhouette, "url": url, "width": width}


def _number(asked: Field, name: str, otherwise: int) -> int:
    given = asked.arguments.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() else otherwise


def _link(ask: Ask, place: str) -> str:
    return media.link(ask.call.address, ask.world.settings.app_secret, place, ask.world.clock())


def _cover(ask: Ask, page: Page) -> dict[str, object] | None:
    if not page.fields.get("cover"):
        return None
    key = media.cover_id(page)
    source = _link(ask, f"cover/{page.id}/{key}.svg")
    return {"cover_id": key, "offset_x": 50, "offset_y": 50, "source": source, "id": key}


def _access_token(ask: Ask, page: Page) -> str | None:
    """A person with a role gets the Page's token; a live contributor does not."""
    token = ask.caller.token
    if token is None or token.kind == "PAGE":
        return token.value if token and token.page == page.id else None
    if not ask.world.people[token.person].roles.get(page.id):
        return None
    return ask.world.kept.book.for_page(token, page.id, ask.world.clock()).value


def _business(_: Ask, page: Page) -> dict[str, str] | None:
    return {"id": page.portfolio.id, "name": page.portfolio.name} if page.portfolio else None


_MADE: dict[str, Callable[[Ask, Page], object]] = {
    "id": lambda _, page: page.id,
    "link": lambda _, page: f"https://www.facebook.com/{page.fields.get('username') or page.id}",
    "cover": _cover,
    "access_token": _access_token,
    "tasks": lambda ask, page: list(ask.world.people[ask.caller.person].roles.get(page.id, ())),
    "business": _business,
    "owner_business": _business,
    "has_added_app": lambda ask, page: page.id in ask.world.kept.page_subscriptions,
    "is_webhooks_subscribed": lambda ask, page: page.id in ask.world.kept.page_subscriptions,
}
