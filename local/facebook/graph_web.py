"""The Graph API over HTTP: reading requests, sending answers, carrying out faults."""

import json
import socket
from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, Response, g, request

from local.facebook import api, batch, operations
from local.facebook.call import Answer, Call
from local.facebook.faults import Fault
from local.facebook.paths import split_path
from local.facebook.world import World

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=UTF-8"
PROXY_PAGE = "<!DOCTYPE html><title>{title}</title><center><h1>{title}</h1></center><hr><center>proxy</center>"
TELLTALE = ("access_token", "input_token", "fb_exchange_token", "client_secret")
"""What must not stand in an address, where logs and proxies keep it."""


def graph(world: World) -> Blueprint:
    """All addresses under /graph."""
    blueprint = Blueprint("graph", __name__)

    @blueprint.route("/graph", defaults={"path": ""}, methods=["GET", "POST", "DELETE"])
    @blueprint.route("/graph/", defaults={"path": ""}, methods=["GET", "POST", "DELETE"])
    @blueprint.route("/graph/<path:path>", methods=["GET", "POST", "DELETE"])
    def call(path: str) -> Response:
        asked = _call(path)
        if asked.method == "POST" and not asked.path and "batch" in asked.params:
            found, entries = batch.answer(world, asked)
            g.record = {"operation": "batch", "batch": len(entries), "entries": entries}
        else:
            found = api.answer(world, asked)
            g.record = {"operation": operations.name_of(world, asked.path)}
        g.record |= {"fault": found.fault.kind if found.fault else None, **_tokens_seen()}
        return _sent(found, world)

    return blueprint


def _call(path: str) -> Call:
    """The request as a call. `method=get` in a form makes a POST a GET, as a token in a query makes it visible."""
    params = {**request.args.to_dict(), **_body()}
    token = params.pop("access_token", "")
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"} and bearer.strip():
        token = bearer.strip()
    method = params.pop("method", request.method).upper()
    version, parts = split_path(path)
    return Call(method, parts, params, token, request.host_url.rstrip("/"), version)


def _body() -> dict[str, str]:
    sent = request.get_json(silent=True) if request.is_json else None
    if isinstance(sent, Mapping):
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in sent.items()}
    return request.form.to_dict()


def _tokens_seen() -> dict[str, object]:
    return {
        "token_in_address": any(name in request.args for name in TELLTALE),
        "token_in_form": "access_token" in request.form,
    }


def _sent(found: Answer, world: World) -> Response:
    fault = found.fault
    instead = _instead(fault, world) if fault else None
    if instead:
        return instead
    if fault and fault.kind == "lost_reply":
        return _hang_up()
    if found.status == HTTPStatus.FOUND:
        return Response(status=found.status, headers=found.headers)
    text = json.dumps(found.body, ensure_ascii=True, separators=(",", ":"))
    return Response(text, found.status, found.headers, content_type=JSON)


def _instead(fault: Fault, world: World) -> Response | None:
    """The answer that comes in place of the real one."""
    if fault.status:
        return _with_status(fault.status)
    if fault.kind == "html":
        return Response(PROXY_PAGE.format(title="Sorry, something went wrong."), 200, content_type=HTML)
    if fault.kind == "garbage":
        return Response('{"data":[{"id":"10', 200, content_type=JSON)
    if fault.kind == "timeout":
        world.closing.wait(fault.seconds)
        return _with_status(504)
    return None


def _with_status(status: int) -> Response:
    title = HTTPStatus(status).phrase if status in {known.value for known in HTTPStatus} else "Rejected"
    if status in {502, 503, 504}:
        return Response(PROXY_PAGE.format(title=f"{status} {title}"), status, content_type=HTML)
    response = Response("{}", status, content_type=JSON)
    if status < HTTPStatus.BAD_REQUEST:
        response.headers["Location"] = f"{request.host_url}_sandbox/elsewhere"
    return response


def _hang_up() -> Response:
    """Close the connection under the server's feet; its attempt to answer then fails quietly."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    g.hung_up = True
    return Response(status=500)
