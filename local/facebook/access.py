"""Who calls: the token, its proof, and whether both are good."""

from local.facebook.call import Ask, Call, Caller
from local.facebook.errors import METHOD, GraphError, bad_session, no_such_object
from local.facebook.signing import is_proof
from local.facebook.tokens import Token
from local.facebook.world import World

NO_TOKEN = "An active access token must be used to query information about the current user."
NO_PROOF = "API calls from the server require an appsecret_proof argument"
BAD_PROOF = "Invalid appsecret_proof provided in the API argument"
BAD_SIGNATURE = "Invalid OAuth access token signature."


def caller_of(world: World, call: Call) -> Caller:
    """Whom the token belongs to; raises the error that a bad token or proof meets."""
    if not call.token:
        raise GraphError(2500, NO_TOKEN) if call.path[:1] == ("me",) else GraphError(104)
    token = None
    if call.token != world.app_token:
        token = _known(world, call.token)
    _check_proof(world, call, token)
    if token is None:
        return Caller("APP")
    ailment = ailment_of(world, token)
    if ailment:
        raise bad_session(ailment, world.settings.app_id)
    return Caller(token.kind, token, world.grant(token.person))


def ailment_of(world: World, token: Token) -> int | None:
    """The subcode of code 190 that this token meets now; None if it is well."""
    checkpoint = 459 if world.grant(token.person).checkpoint else None
    return token.ailment(world.clock()) or checkpoint


def check_self(ask: Ask, person: str) -> None:
    """Nobody sees anybody else, and a Page or an app is nobody."""
    if ask.caller.kind != "USER" or ask.caller.person != person:
        raise no_such_object(ask.call.method, person)


def _known(world: World, value: str) -> Token:
    token = world.kept.book.tokens.get(value)
    if token:
        return token
    app_id, bar, _ = value.partition("|")
    raise GraphError(190, BAD_SIGNATURE) if bar and app_id.isdecimal() else GraphError(190)


def _check_proof(world: World, call: Call, token: Token | None) -> None:
    """A proof binds a token to its app: no other app's token passes with this app's secret."""
    proof = call.params.get("appsecret_proof")
    other_app = token is not None and token.app_id != world.settings.app_id
    if proof is None and (world.settings.require_proof or other_app):
        raise GraphError(100, NO_PROOF, type=METHOD)
    secret, time = world.settings.app_secret, call.params.get("appsecret_time")
    fits = proof is None or is_proof(proof, call.token, secret, time, world.clock.real())
    if not fits or other_app:
        raise GraphError(100, BAD_PROOF, type=METHOD)
