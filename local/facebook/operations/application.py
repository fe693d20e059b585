"""The app itself, and its subscriptions: the first level of a webhook."""

from local.facebook.call import Ask
from local.facebook.errors import GraphError, bad_parameter, no_such_field
from local.facebook.field_syntax import parse
from local.facebook.operations.page_subscription import check_fields, split_fields
from local.facebook.subscriptions import OBJECTS, Subscription, check_address, shake_hands
from local.facebook.versions import CURRENT

NOT_THE_APP = "(#15) This method must be called with an app access_token."


def read(ask: Ask, app: str) -> object:
    """Its name, which every token of the app may read."""
    asked = ask.call.params.get("fields", "")
    found = {"id": app, "name": ask.world.settings.app_name}
    names = {one.name for one in parse(asked)} if asked else set(found)
    for name in names - found.keys():
        raise no_such_field(name, "Application")
    return {name: value for name, value in found.items() if name in names | {"id"}}


def listed(ask: Ask, _: str) -> object:
    _check_app(ask)
    return {"data": [_told(one) for one in ask.world.kept.subscriptions.values()]}


def subscribe(ask: Ask, _: str) -> object:
    """Asks the callback for its challenge before it answers; replaces what there was for the object."""
    _check_app(ask)
    wanted = _wanted(ask)
    shake_hands(wanted.callback_url, ask.call.params.get("verify_token", ""))
    with ask.world.lock:
        ask.world.kept.subscriptions[wanted.object] = wanted
    return {"success": True}


def unsubscribe(ask: Ask, _: str) -> object:
    """One object, some of its fields, or everything."""
    _check_app(ask)
    name = ask.call.params.get("object")
    fields = split_fields(ask.call.params.get("fields", ""))
    with ask.world.lock:
        kept = ask.world.kept.subscriptions
        if name is None:
            kept.clear()
        elif fields and name in kept:
            kept[name].fields = [field for field in kept[name].fields if field not in fields]
        else:
            kept.pop(name, None)
    return {"success": True}


def _wanted(ask: Ask) -> Subscription:
    params = ask.call.params
    for name in ("object", "callback_url", "fields", "verify_token"):
        if not params.get(name):
            raise bad_parameter(f"The parameter {name} is required")
    if params["object"] not in OBJECTS:
        raise bad_parameter(f"Param object must be one of {{{', '.join(sorted(OBJECTS))}}}")
    fields = split_fields(params["fields"])
    if params["object"] == "page":
        check_fields(fields, "fields")
    check_address(params["callback_url"])
    with_values = params.get("include_values", "").lower() in {"1", "true"}
    return Subscription(params["object"], params["callback_url"], fields, with_values)


def _check_app(ask: Ask) -> None:
    if ask.caller.kind != "APP":
        raise GraphError(15, NOT_THE_APP)


def _told(one: Subscription) -> dict[str, object]:
    fields = [{"name": field, "version": CURRENT} for field in one.fields]
    return {"object": one.object, "callback_url": one.callback_url, "active": True, "fields": fields}
