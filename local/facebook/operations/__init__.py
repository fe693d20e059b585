"""What the Graph API does: one function for each kind of node, edge and method that the app has a use for."""

from collections.abc import Callable
from typing import Literal

from local.facebook.access import NO_TOKEN
from local.facebook.call import Ask, Caller
from local.facebook.errors import GraphError, no_such_field, no_such_object, unknown_path
from local.facebook.operations import accounts, application, page, page_subscription, person
from local.facebook.world import World

NodeType = Literal["User", "Page", "Application"]
Handler = Callable[[Ask, str], object]
"""The call, and the id of the node it is about."""

HANDLERS: dict[tuple[NodeType, str, str], Handler] = {
    ("User", "", "GET"): person.read,
    ("User", "accounts", "GET"): accounts.listed,
    ("User", "permissions", "GET"): person.permissions,
    ("User", "permissions", "DELETE"): person.take_back,
    ("Page", "", "GET"): page.read,
    ("Page", "picture", "GET"): page.picture,
    ("Page", "subscribed_apps", "GET"): page_subscription.listed,
    ("Page", "subscribed_apps", "POST"): page_subscription.subscribe,
    ("Page", "subscribed_apps", "DELETE"): page_subscription.unsubscribe,
    ("Application", "", "GET"): application.read,
    ("Application", "subscriptions", "GET"): application.listed,
    ("Application", "subscriptions", "POST"): application.subscribe,
    ("Application", "subscriptions", "DELETE"): application.unsubscribe,
}
_EDGES = {(node, edge) for node, edge, _ in HANDLERS}


def name_of(world: World, path: tuple[str, ...]) -> str:
    """What a fault or a record calls this call."""
    if path == ("oauth", "access_token"):
        return "token"
    if path == ("debug_token",):
        return "debug_token"
    if len(path) > 1:
        return path[1]
    return "page" if path and path[0] in world.pages else "me"


def handler_of(ask: Ask) -> tuple[Handler, str]:
    """The function for this call, and the id of its node."""
    method, path = ask.call.method, ask.call.path
    if not path or len(path) > (3 if path[1:2] == ("permissions",) else 2):
        raise unknown_path(ask.call.place)
    node = _me(ask.caller) if path[0] == "me" else path[0]
    node_type = _type_of(ask.world, node)
    edge = path[1] if len(path) > 1 else ""
    if node_type is None:
        raise no_such_object(method, node)
    if (node_type, edge) not in _EDGES:
        raise no_such_field(edge, node_type)
    handler = HANDLERS.get((node_type, edge, method))
    if handler is None:
        raise no_such_object(method, node)
    return handler, node


def _me(caller: Caller) -> str:
    """A Page's token makes the Page itself "me"; an app is nobody."""
    if caller.kind == "APP":
        raise GraphError(2500, NO_TOKEN)
    return caller.page or caller.person


def _type_of(world: World, node: str) -> NodeType | None:
    if node in world.people:
        return "User"
    if node in world.pages:
        return "Page"
    return "Application" if node == world.settings.app_id else None
