"""debug_token: what a token is, asked by the app."""

from local.facebook.access import ailment_of
from local.facebook.call import Ask
from local.facebook.errors import MESSAGES, SESSION_MESSAGES, GraphError, bad_parameter, no_such_object
from local.facebook.tokens import Token
from local.facebook.world import World

FOREIGN = "The App_id in the input_token did not match the Viewing App"
NOT_THE_APP = "You must provide an app access token, or a user access token that is an owner or developer of the app"


def debugged(ask: Ask) -> dict[str, object]:
    if ask.call.method != "GET":
        raise no_such_object(ask.call.method, "debug_token")
    if ask.caller.kind != "APP":
        raise bad_parameter(NOT_THE_APP)
    value = ask.call.params.get("input_token", "")
    if not value:
        raise bad_parameter("The parameter input_token is required")
    return {"data": _data(ask.world, value)}


def _data(world: World, value: str) -> dict[str, object]:
    if value == world.app_token:
        return {**_app(world), "type": "APP", "is_valid": True, "expires_at": 0, "issued_at": 0, "scopes": []}
    token = world.kept.book.tokens.get(value)
    if token is None:
        return {"error": {"code": 190, "message": MESSAGES[190]}, "is_valid": False, "scopes": []}
    if token.app_id != world.settings.app_id:
        raise GraphError(100, f"(#100) {FOREIGN}")
    return _told(world, token)


def _told(world: World, token: Token) -> dict[str, object]:
    grant = world.grant(token.person)
    ailment = ailment_of(world, token)
    told: dict[str, object] = {
        **_app(world),
        "type": token.kind,
        "data_access_expires_at": world.told(token.data_access_expires),
        "expires_at": world.told(token.expires),
        "is_valid": ailment is None,
        "issued_at": world.told(token.issued),
        "scopes": list(grant.granted),
        "granular_scopes": grant.granular(),
        "user_id": token.person,
    }
    if token.page:
        told["profile_id"] = token.page
    if ailment:
        said = SESSION_MESSAGES[ailment].format(app=world.settings.app_id)
        told["error"] = {"code": 190, "message": said, "subcode": ailment}
    return told


def _app(world: World) -> dict[str, object]:
    return {"app_id": world.settings.app_id, "application": world.settings.app_name}
