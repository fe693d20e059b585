"""What a test steers and looks at: /_sandbox/... The faults themselves are described in faults.py.

GET|POST|DELETE /_sandbox/faults       the rules waiting; add one or a list of them; forget them all
GET|DELETE /_sandbox/requests          the last 10,000 requests, oldest first, never with a token; forget them
GET /_sandbox/tokens                   all codes and tokens; `?reveal=1` adds their values, to search for leaks
GET|POST /_sandbox/clock {"advance": 3600}       tokens, codes and budgets age by an hour, and webhooks become due
GET|POST /_sandbox/budgets {"page": 10}          calls allowed; counting starts anew
GET /_sandbox/people                   who there is, what they allowed, their Pages
POST /_sandbox/people/ID/ACT           remove, delete: as the buttons do; password, checkpoint, touch
GET|POST /_sandbox/pages/ID            a Page's fields; change some ({"phone": null} clears one), and send the webhook
GET /_sandbox/subscriptions            on both levels
DELETE /_sandbox/subscriptions[/PAGE]  Facebook drops the app's subscription, or one Page's
GET /_sandbox/deliveries               the webhooks, oldest first
POST /_sandbox/deliver                 try everything that waits once, now
POST /_sandbox/test-event {"field": "name"}      the dashboard's test event, of a Page with id 0
"""

from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from local.facebook import admin_web, leaving
from local.facebook.access import ailment_of
from local.facebook.faults import Fault
from local.facebook.page_fields import FIELDS, SUBSCRIBABLE
from local.facebook.world import World

Reply = Response | tuple[Response, int]


def controls(world: World) -> Blueprint:
    """The control addresses of one sandbox."""
    blueprint = Blueprint("controls", __name__, url_prefix="/_sandbox")
    _add_records(blueprint, world)
    _add_limits(blueprint, world)
    _add_people(blueprint, world)
    _add_webhooks(blueprint, world)
    return blueprint


def _add_records(blueprint: Blueprint, world: World) -> None:
    @blueprint.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> Reply:
        if request.method == "DELETE":
            world.faults.clear()
        if request.method == "POST":
            sent = request.get_json(force=True, silent=True) or []
            try:
                world.faults.add([Fault(**rule) for rule in (sent if isinstance(sent, list) else [sent])])
            except (TypeError, ValueError) as error:
                return _bad(str(error))
        return jsonify([asdict(rule) for rule in world.faults.rules])

    @blueprint.route("/requests", methods=["GET", "DELETE"])
    def requests() -> Response:
        if request.method == "DELETE":
            world.requests.clear()
        return jsonify(list(world.requests))

    @blueprint.get("/tokens")
    def tokens() -> Response:
        return jsonify(_tokens(world, reveal=request.args.get("reveal") == "1"))


def _add_limits(blueprint: Blueprint, world: World) -> None:
    @blueprint.route("/clock", methods=["GET", "POST"])
    def clock() -> Reply:
        if request.method == "POST":
            seconds = _sent().get("advance")
            if not isinstance(seconds, int | float):
                return _bad('send {"advance": seconds}')
            world.clock.advance(seconds)
            world.courier.look()
        return jsonify(now=world.clock(), ahead=world.clock.ahead)

    @blueprint.route("/budgets", methods=["GET", "POST"])
    def budgets() -> Reply:
        sent = _sent() if request.method == "POST" else {}
        known = asdict(world.usage.budgets)
        if any(name not in known or not isinstance(calls, int) or calls < 1 for name, calls in sent.items()):
            return _bad(f"send calls, at least 1, for any of {', '.join(known)}")
        if sent:
            world.usage.budgets = replace(world.usage.budgets, **sent)
            world.usage.forget()
        return jsonify(asdict(world.usage.budgets))


def _add_people(blueprint: Blueprint, world: World) -> None:
    @blueprint.get("/people")
    def people() -> Response:
        return jsonify([_person(world, person) for person in world.people])

    @blueprint.post("/people/<person>/<act>")
    def act(person: str, act: str) -> Reply:
        who = world.people.get(person)
        leave = {"remove": leaving.remove_app, "delete": leaving.ask_for_deletion}.get(act)
        if who is None or not (leave or act in admin_web.CHANGES):
            return jsonify(error="no such person, or no such act"), 404
        if leave:
            return jsonify(asdict(leave(world, person)))
        admin_web.CHANGES[act](world, who)
        return jsonify(_person(world, person))

    @blueprint.route("/pages/<page>", methods=["GET", "POST"])
    def page(page: str) -> Reply:
        if page not in world.pages:
            return jsonify(error="no such Page"), 404
        changes = _sent() if request.method == "POST" else {}
        unknown = changes.keys() - FIELDS - {"picture"}
        if unknown:
            return _bad(f"no such field: {', '.join(sorted(unknown))}")
        changed = world.edit({page: changes})[page] if changes else []
        return jsonify(fields=world.pages[page].fields, changed=changed)


def _add_webhooks(blueprint: Blueprint, world: World) -> None:
    @blueprint.get("/subscriptions")
    def subscriptions() -> Response:
        app = [asdict(one) for one in world.kept.subscriptions.values()]
        return jsonify(app=app, pages=world.kept.page_subscriptions)

    @blueprint.delete("/subscriptions")
    @blueprint.delete("/subscriptions/<page>")
    def drop(page: str | None = None) -> Reply:
        with world.lock:
            kept = world.kept
            dropped = kept.page_subscriptions.pop(page, None) if page else kept.subscriptions.pop("page", None)
        return jsonify(dropped=dropped is not None), 200 if dropped is not None else 404

    @blueprint.get("/deliveries")
    def deliveries() -> Response:
        return jsonify([asdict(one) for one in world.courier.known()])

    @blueprint.post("/deliver")
    def deliver() -> Response:
        return jsonify(attempts=world.courier.send_due(all_waiting=True))

    @blueprint.post("/test-event")
    def test_event() -> Reply:
        field = _sent().get("field", "name")
        if field not in SUBSCRIBABLE:
            return _bad(f"no such webhook field: {field}")
        return jsonify(sent=world.announce_test(field))


def _sent() -> dict[str, Any]:
    sent = request.get_json(force=True, silent=True)
    return sent if isinstance(sent, dict) else {}


def _bad(said: str) -> tuple[Response, int]:
    return jsonify(error=said), 400


def _person(world: World, person: str) -> dict[str, object]:
    pages = [{"id": page.id, "name": page.name} for page in world.pages_of(person)]
    return {"id": person, "name": world.people[person].name, "pages": pages, **asdict(world.grant(person))} | {
        "pages": pages,
        "picked": world.grant(person).pages,
    }


def _tokens(world: World, *, reveal: bool) -> list[dict[str, object]]:
    """Every secret that the sandbox handed out."""
    book, own = world.kept.book, world.settings.app_id
    with book.lock:
        codes, tokens = dict(book.codes), list(book.tokens.values())
    found: list[dict[str, object]] = [{"kind": "APP", "value": world.app_token, "ailment": None}]
    found += [{"kind": "CODE", "person": code.person, "used": code.used, "value": key} for key, code in codes.items()]
    for token in tokens:
        kind = token.kind if token.app_id == own else "OTHER_APP"
        life = "long" if token.long else "short" if token.kind == "USER" else None
        about = {"person": token.person, "page": token.page, "life": life, "ailment": ailment_of(world, token)}
        found.append({"kind": kind, **about, "value": token.value})
    return found if reveal else [{name: value for name, value in one.items() if name != "value"} for one in found]
