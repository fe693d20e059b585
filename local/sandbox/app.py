"""The sandbox as a web application."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request
from werkzeug.routing import BaseConverter

from local.sandbox import admin_api, oauth, scopes
from local.sandbox.clock import Clock
from local.sandbox.controls import controls
from local.sandbox.disturb import spoiled, through_faults
from local.sandbox.faults import Fault
from local.sandbox.settings import SHOP, Settings
from local.sandbox.shops import Shop, World

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
MOST_BODY = 4 * 2**20


class ShopConverter(BaseConverter):
    """A well-formed shop name; anything else is not found."""

    regex = SHOP.pattern


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The application; `app.extensions["sandbox"]` is its World."""
    app = Flask("local.sandbox", static_folder=None)
    # Only under the machine's own names, lest a web page reach it by a name of its own.
    app.config.update(TRUSTED_HOSTS=["localhost", "127.0.0.1", "[::1]"], MAX_CONTENT_LENGTH=MOST_BODY)
    world = app.extensions["sandbox"] = World(settings, clock or Clock())
    app.url_map.converters["shop"] = ShopConverter
    app.register_blueprint(controls(world))
    _add_pages(app, world)
    _add_api(app, world)
    app.after_request(lambda response: _finish(response, world))
    return app


def _add_pages(app: Flask, world: World) -> None:
    @app.get("/")
    def start() -> str:
        shops = [world.shop(name) for name in world.known_shops()]
        return render_template("start.html", shops=shops, settings=world.settings)

    @app.get("/open")
    def visit() -> Any:
        name = request.args.get("shop", "").strip().lower()
        name = name if "." in name else f"{name}.myshopify.com"
        if not world.is_shop(name):
            return _trouble("No such shop", f"A shop is called like acme.myshopify.com, not {name!r}.", 404)
        return redirect(f"/{name}/admin")

    @app.get("/<shop:name>/admin")
    def admin(name: str) -> str:
        shop = world.shop(name)
        return render_template("admin.html", shop=shop, settings=world.settings, in_words=scopes.in_words)

    @app.get("/<shop:name>/admin/open-app")
    def open_app(name: str) -> Any:
        return redirect(oauth.opened(world, world.shop(name)))

    @app.route("/<shop:name>/admin/oauth/authorize", methods=["GET", "POST"])
    def authorize(name: str) -> Response:
        return through_faults(world, "authorize", name, partial(_consent, world, world.shop(name)))


def _consent(world: World, shop: Shop, fault: Fault | None) -> Response:
    """The consent page; once a button was pressed, the way back to the app."""
    try:
        consent = oauth.read_consent(request.args, world.settings)
    except oauth.BadRequest as error:
        return _trouble(f"Oauth error {error.error}", error.description, 400)
    decision = "cancel" if fault and fault.kind == "access_denied" else request.form.get("decision")
    if decision == "cancel":
        return Response(status=302, headers={"Location": oauth.refused(world, shop, consent)})
    if decision == "install":
        granted = [scope for scope in consent.scopes if scope in request.form.getlist("grant")]
        return Response(status=302, headers={"Location": oauth.approved(world, shop, consent, granted)})
    asked = [(scope, scopes.in_words(scope)) for scope in consent.scopes]
    return Response(render_template("consent.html", shop=shop, settings=world.settings, asked=asked, consent=consent))


def _trouble(title: str, message: str, status: int) -> Response:
    return Response(render_template("trouble.html", title=title, message=message), status)


def _add_api(app: Flask, world: World) -> None:
    @app.post("/<shop:name>/admin/oauth/access_token")
    def access_token(name: str) -> Response:
        return through_faults(world, "token", name, partial(_token, world, world.shop(name)))

    @app.post("/<shop:name>/admin/api/<version>/graphql.json")
    def graphql(name: str, version: str) -> Response:
        sent = request.get_json(force=True, silent=True)
        g.operation = _operation_name(sent)
        return through_faults(
            world, "graphql", name, partial(_graphql, world, world.shop(name), version, sent), g.operation
        )


def _token(world: World, shop: Shop, fault: Fault | None) -> Response:
    sent = request.get_json(silent=True) if request.is_json else request.form
    fields = {key: str(value) for key, value in sent.items()} if isinstance(sent, Mapping) else {}
    if fault and fault.kind.startswith("invalid_"):
        return _json(*oauth.denial(fault.kind, "Refused on demand"))
    status, body = oauth.token_reply(world, shop, fields)
    if fault and fault.kind == "no_expiry":
        body = {key: value for key, value in body.items() if not key.endswith("expires_in")}
    return _json(status, body)


def _graphql(world: World, shop: Shop, version: str, sent: object, fault: Fault | None) -> Response:
    token = request.headers.get("X-Shopify-Access-Token", "")
    answer = admin_api.answer(world, shop, version, token, sent, fault)
    return _json(answer.status, spoiled(answer.body, fault.kind) if fault else answer.body, answer.headers)


def _json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json; charset=utf-8")


def _operation_name(sent: object) -> str | None:
    """What the request is called; that of the query itself if the request does not say."""
    if not isinstance(sent, Mapping):
        return None
    if sent.get("operationName"):
        return str(sent["operationName"])
    return admin_api.name_of(str(sent.get("query", "")))


def _finish(response: Response, world: World) -> Response:
    """Note the request, without its query: that may hold a code or a signature."""
    response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/_sandbox"):
        fault = g.get("fault")
        world.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "operation": g.get("operation"),
                "status": None if g.get("hung_up") else response.status_code,
                "fault": fault.kind if fault else None,
            }
        )
    return response
