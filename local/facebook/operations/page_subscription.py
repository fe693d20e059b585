"""subscribed_apps: the second level of a webhook, on the Page."""

from local.facebook.call import Ask
from local.facebook.errors import GraphError, bad_parameter, missing_permission
from local.facebook.operations.page import is_given
from local.facebook.page_fields import SUBSCRIBABLE, is_of_messenger

NEEDED = ("pages_manage_metadata", "pages_show_list")


def listed(ask: Ask, page: str) -> object:
    """Only the calling app is seen."""
    _check_right(ask, page)
    fields = ask.world.kept.page_subscriptions.get(page)
    if fields is None:
        return {"data": []}
    settings = ask.world.settings
    app = {"category": "Business", "link": f"https://www.facebook.com/games/?app_id={settings.app_id}"}
    return {"data": [{**app, "name": settings.app_name, "id": settings.app_id, "subscribed_fields": list(fields)}]}


def subscribe(ask: Ask, page: str) -> object:
    """The fields replace those of an earlier subscription."""
    _check_right(ask, page)
    fields = split_fields(ask.call.params.get("subscribed_fields", ""))
    if not fields:
        raise bad_parameter("The parameter subscribed_fields is required")
    check_fields(fields, "subscribed_fields")
    for field in filter(is_of_messenger, fields):
        _check_messaging(ask, page, field)
    with ask.world.lock:
        ask.world.kept.page_subscriptions[page] = fields
    return {"success": True}


def unsubscribe(ask: Ask, page: str) -> object:
    _check_right(ask, page)
    with ask.world.lock:
        ask.world.kept.page_subscriptions.pop(page, None)
    return {"success": True}


def split_fields(text: str) -> list[str]:
    """A comma-separated list, or a JSON one."""
    names = text.strip().removeprefix("[").removesuffix("]").replace('"', "").split(",")
    return list(dict.fromkeys(name for name in map(str.strip, names) if name))


def check_fields(fields: list[str], parameter: str) -> None:
    for number, field in enumerate(fields):
        if field not in SUBSCRIBABLE:
            known = ", ".join(sorted(SUBSCRIBABLE))
            raise bad_parameter(f"Param {parameter}[{number}] must be one of {{{known}}} - got {field!r}")


def _check_right(ask: Ask, page: str) -> None:
    caller = ask.caller
    if caller.kind != "PAGE":
        raise GraphError(210)
    if not is_given(ask, page):
        raise GraphError(200)
    for permission in NEEDED:
        if not caller.grant.allows(permission):
            raise missing_permission(permission)
    if not ask.world.people[caller.person].may(page, "CREATE_CONTENT", "MANAGE", "MODERATE"):
        raise GraphError(200, "(#200) The user must be an administrator, editor, or moderator of the Page")


def _check_messaging(ask: Ask, page: str, field: str) -> None:
    may = ask.world.people[ask.caller.person].may(page, "MESSAGING")
    if not may or not ask.caller.grant.allows("pages_messaging"):
        said = f"(#200) To subscribe to the {field} field, one of these permissions is needed: pages_messaging"
        raise GraphError(200, said)
