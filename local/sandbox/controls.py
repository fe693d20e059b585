"""What a test steers and looks at: /_sandbox/... The faults themselves are described in faults.py.

GET|POST|DELETE /_sandbox/faults       the rules waiting; add a list of them; forget them all
GET|DELETE /_sandbox/requests          the last 10,000 requests, oldest first, never with a token; forget them
GET /_sandbox/shops/SHOP               its install; `?reveal=1` adds the tokens themselves, to search for leaks
POST /_sandbox/shops/SHOP/revoke       the merchant uninstalls the app
DELETE /_sandbox/shops/SHOP/subscriptions/ID     Shopify drops a webhook subscription
POST /_sandbox/clock {"advance": 3600}           tokens, codes and budgets age by an hour
"""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from local.sandbox.faults import Fault
from local.sandbox.shops import Shop, World


def controls(world: World) -> Blueprint:
    """The control addresses of one sandbox."""
    blueprint = Blueprint("controls", __name__, url_prefix="/_sandbox")
    _add_records(blueprint, world)
    _add_shops(blueprint, world)

    @blueprint.post("/clock")
    def clock() -> Response | tuple[Response, int]:
        seconds = (request.get_json(force=True, silent=True) or {}).get("advance")
        if not isinstance(seconds, int | float):
            return jsonify(error='send {"advance": seconds}'), 400
        world.clock.advance(seconds)
        return jsonify(now=world.clock(), ahead=world.clock.ahead)

    return blueprint


def _add_records(blueprint: Blueprint, world: World) -> None:
    @blueprint.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> Response | tuple[Response, int]:
        if request.method == "DELETE":
            world.faults.clear()
        if request.method == "POST":
            try:
                world.faults.add([Fault(**rule) for rule in request.get_json(force=True, silent=True) or []])
            except (TypeError, ValueError) as error:
                return jsonify(error=str(error)), 400
        return jsonify([asdict(rule) for rule in world.faults.rules])

    @blueprint.route("/requests", methods=["GET", "DELETE"])
    def requests() -> Response:
        if request.method == "DELETE":
            world.requests.clear()
        return jsonify(list(world.requests))


def _add_shops(blueprint: Blueprint, world: World) -> None:
    @blueprint.get("/shops/<shop:name>")
    def state(name: str) -> Response:
        return jsonify(_state(world.shop(name), reveal=request.args.get("reveal") == "1"))

    @blueprint.post("/shops/<shop:name>/revoke")
    def revoke(name: str) -> Response:
        world.uninstall(name)
        return jsonify(_state(world.shop(name), reveal=False))

    @blueprint.delete("/shops/<shop:name>/subscriptions/<int:number>")
    def drop(name: str, number: int) -> tuple[Response, int]:
        with world.shop(name).lock:
            dropped = world.shop(name).install.subscriptions.pop(number, None)
        world.save()
        return jsonify(dropped=dropped is not None), 200 if dropped else 404


def _state(shop: Shop, *, reveal: bool) -> dict[str, object]:
    with shop.lock:
        install, tokens = shop.install, shop.install.tokens
        refresh = [known.token for known in (tokens.current, tokens.previous) if known]
        subscriptions = [
            {"id": one.number, "topic": one.topic, "uri": one.uri} for one in install.subscriptions.values()
        ]
        state: dict[str, object] = {
            "shop": shop.name,
            "installed_at": install.installed_at,
            "scopes": install.scopes,
            "access_tokens": len(tokens.access),
            "refresh_tokens": len(refresh),
            "subscriptions": subscriptions,
            "throttle": shop.bucket.status(),
        }
        return state | ({"tokens": [*tokens.access, *refresh]} if reveal else {})
