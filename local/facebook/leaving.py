"""A person removes the app, or asks for the deletion of their data: the app is told by a signed_request."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from local.facebook.outbound import Unreachable, fetch
from local.facebook.signing import signed_request
from local.facebook.world import World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SESSION_LIFE = 3600


@dataclass(frozen=True)
class Told:
    """How the app answered."""

    address: str | None
    status: int | None = None
    problem: str = ""
    url: str = ""
    """Of a deletion: where its state can be seen."""
    confirmation_code: str = ""


def remove_app(world: World, person: str) -> Told:
    """The app is removed, and told so. Whatever it answers changes nothing."""
    world.remove_app(person)
    told, _ = _post(world, world.settings.deauthorize_url, person)
    return told


def ask_for_deletion(world: World, person: str) -> Told:
    """The app is removed, if it was not yet, and has to say where the state of the deletion can be seen."""
    if world.grant(person).connected:
        remove_app(world, person)
    told, text = _post(world, world.settings.deletion_url, person)
    if told.problem or told.status is None:
        return told
    return _checked(told, text)


def _post(world: World, address: str | None, person: str) -> tuple[Told, str]:
    if address is None:
        return Told(None, problem="The sandbox was not told this address at its start."), ""
    now = int(world.clock.real())
    content = {"user_id": person, "issued_at": now, "expires": now + SESSION_LIFE}
    body = urlencode({"signed_request": signed_request(content, world.settings.app_secret)}).encode()
    try:
        reply = fetch("POST", address, body, FORM)
    except Unreachable as error:
        return Told(address, problem=str(error)), ""
    problem = "" if reply.status == 200 else f"The app answered {reply.status} instead of 200."
    return Told(address, reply.status, problem), reply.text


def _checked(told: Told, text: str) -> Told:
    """The documented answer is JSON with `url` and `confirmation_code`."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return Told(told.address, told.status, "The answer is not a JSON object.")
    url, code = answer.get("url"), answer.get("confirmation_code")
    if (
        not isinstance(url, str)
        or urlsplit(url).scheme not in {"http", "https"}
        or not isinstance(code, str)
        or not code
    ):
        return Told(told.address, told.status, "The answer lacks a url, or a confirmation_code.")
    return Told(told.address, told.status, "", url, code)
