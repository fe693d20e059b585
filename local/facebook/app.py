"""The sandbox as a web application."""

from flask import Flask, Response, g, request

from local.facebook.admin_web import pages
from local.facebook.controls import controls
from local.facebook.dialog_web import dialogs
from local.facebook.graph_web import graph
from local.facebook.paths import without_tokens
from local.facebook.settings import Settings
from local.facebook.world import World
from local.sandbox.clock import Clock

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
MOST_BODY = 4 * 2**20


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The application; `app.extensions["facebook"]` is its World."""
    app = Flask("local.facebook", static_folder=None)
    # Only under the machine's own names, lest a web page reach it by a name of its own.
    app.config.update(TRUSTED_HOSTS=["localhost", "127.0.0.1", "[::1]"], MAX_CONTENT_LENGTH=MOST_BODY)
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BODY  # a batch is one long form field
    world = app.extensions["facebook"] = World(settings, clock or Clock())
    for blueprint in (pages(world), dialogs(world), graph(world), controls(world)):
        app.register_blueprint(blueprint)
    app.after_request(lambda response: _finish(response, world))
    return app


def _finish(response: Response, world: World) -> Response:
    """Keep what changed, and note the request, without its query: that may hold a code or a token."""
    world.save()
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
    record: dict[str, object] | None = g.get("record")
    if record is not None:
        status = None if g.get("hung_up") else response.status_code
        world.requests.append(
            {"method": request.method, "path": without_tokens(request.path), "status": status, **record}
        )
    return response
