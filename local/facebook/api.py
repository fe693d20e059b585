"""The Graph API: one call in, the answer Facebook gives out."""

from collections.abc import Iterable

from local.facebook import operations, usage, versions
from local.facebook.access import caller_of
from local.facebook.call import Answer, Ask, Call
from local.facebook.errors import THROTTLED, GraphError, bad_parameter, unknown_path
from local.facebook.faults import Fault
from local.facebook.operations import debug, login
from local.facebook.usage import Meter
from local.facebook.world import World

INSTEAD = {"html", "garbage", "timeout", "null_entry"}
"""Faults in whose stead nothing happens at all."""


def answer(world: World, call: Call, *, in_batch: bool = False) -> Answer:
    """Answer a call. A fault that is about the way, not the words, is left in the answer for whoever sends it."""
    fault = world.faults.take(operations.name_of(world, call.path), _page_of(world, call))
    if fault and fault.kind == "revoked":
        _remove_app(world, call)
    if fault and (fault.status or fault.kind in INSTEAD - (set() if in_batch else {"null_entry"})):
        return Answer(fault=fault)
    meters: list[Meter] = []
    headers: dict[str, str] = {}
    try:
        version, headers = version_of(world, call)
        if fault and fault.kind == "error":
            raise fault.error(world.settings.app_id)
        found = _answered(world, call, version, meters, fault)
    except GraphError as error:
        found = Answer(error.status, error.body())
        meters += _demanded(world, call, error, meters)
    found.meters, found.fault = meters, fault
    found.headers |= headers | usage.headers(meters)
    return found


def version_of(world: World, call: Call) -> tuple[str, dict[str, str]]:
    """The version that answers, and the headers that tell it."""
    asked = call.version or versions.CURRENT
    served = versions.served(asked, world.clock.real())
    if served is None:
        raise unknown_path("/".join((asked, *call.path)))
    headers = {"facebook-api-version": served}
    if served != asked:
        headers["X-Ad-Api-Version-Warning"] = f"The call has been auto-upgraded to {served} as {asked} is deprecated."
    return served, headers


def _answered(world: World, call: Call, version: str, meters: list[Meter], fault: Fault | None) -> Answer:
    _refuse_retired(call)
    if call.path == ("oauth", "access_token"):
        expiring = not (fault and fault.kind == "no_expiry")
        return Answer(body=login.token_reply(world, call, expiring=expiring))
    ask = Ask(world, call, caller_of(world, call), version)
    meters += _counted(ask)
    refusal = usage.throttled(meters, page_with_user_token=_is_page_with_user_token(ask))
    if refusal:
        raise refusal
    if call.path == ("debug_token",):
        return Answer(body=debug.debugged(ask))
    handler, node = operations.handler_of(ask)
    found = handler(ask, node)
    return found if isinstance(found, Answer) else Answer(body=found)


def _refuse_retired(call: Call) -> None:
    """What was taken away from all versions on 2026-10-27. `pretty`, `debug` and If-None-Match are just ignored."""
    if "date_format" in call.params:
        raise bad_parameter("The date_format parameter is no longer supported")
    if not call.path and "ids" in call.params:
        raise bad_parameter("The ids parameter is no longer supported; read the objects one by one or in a batch")


def _counted(ask: Ask) -> list[Meter]:
    """What this call takes from: with a Page's token the Page's budget, with any other the app's and the person's."""
    world, caller = ask.world, ask.caller
    if caller.page:
        return [world.usage.count("page", caller.page)]
    people = [world.usage.count("person", caller.person)] if caller.person else []
    return [world.usage.count("app", world.settings.app_id), *people]


def _demanded(world: World, call: Call, error: GraphError, meters: Iterable[Meter]) -> list[Meter]:
    """The meters that go with a throttling on demand; one that was earned has them already."""
    if error.code not in THROTTLED or any(meter.minutes for meter in meters):
        return []
    return usage.on_demand(error, _page_of(world, call) or world.settings.app_id)


def _is_page_with_user_token(ask: Ask) -> bool:
    return ask.caller.kind == "USER" and bool(ask.call.path) and ask.call.path[0] in ask.world.pages


def _page_of(world: World, call: Call) -> str | None:
    """The Page a call is about, by its path or, for `me`, by its token."""
    if call.path and call.path[0] in world.pages:
        return call.path[0]
    token = world.kept.book.tokens.get(call.token)
    return token.page if token else None


def _remove_app(world: World, call: Call) -> None:
    sent = call.params.get("input_token") or call.params.get("fb_exchange_token") or call.token
    token = world.kept.book.tokens.get(sent)
    code = world.kept.book.codes.get(call.params.get("code", ""))
    person = token or code
    if person:
        world.remove_app(person.person)
