"""Carrying out the faults of faults.py on HTTP requests and answers."""

import socket
from collections.abc import Callable
from http import HTTPStatus

from flask import Response, g, request

from local.sandbox.faults import Fault
from local.sandbox.shops import World

HTML = "text/html; charset=utf-8"
PROXY_PAGE = "<!DOCTYPE html><title>{title}</title><center><h1>{title}</h1></center><hr><center>nginx</center>"


def through_faults(
    world: World, where: str, shop: str, process: Callable[[Fault | None], Response], operation: str | None = None
) -> Response:
    """Answer a request, unless a fault is waiting for it."""
    fault = world.faults.take(where, shop, operation)
    g.fault = fault
    if fault is None:
        return process(None)
    if fault.kind == "revoked":
        world.uninstall(shop)
    if fault.kind == "lost_reply":
        process(fault)
        return _hang_up()
    return _instead(fault, world) or process(fault)


def _instead(fault: Fault, world: World) -> Response | None:
    """The answer that comes in place of the real one, for the faults that need no knowledge of it."""
    if fault.status:
        return _with_status(fault.status)
    if fault.kind == "html":
        return Response(PROXY_PAGE.format(title="Something went wrong"), 200, content_type=HTML)
    if fault.kind == "garbage":
        return Response('{"data": {"sho', 200, content_type="application/json")
    if fault.kind == "timeout":
        world.closing.wait(fault.seconds)
        return _with_status(504)
    return None


def _with_status(status: int) -> Response:
    title = HTTPStatus(status).phrase if status in {known.value for known in HTTPStatus} else "Rejected"
    if status in {502, 503, 504}:
        return Response(PROXY_PAGE.format(title=f"{status} {title}"), status, content_type=HTML)
    response = Response(f'{{"errors": "{title}"}}', status, content_type="application/json")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "2.0"
    if status < HTTPStatus.BAD_REQUEST:
        response.headers["Location"] = f"{request.host_url}_sandbox/elsewhere"
    return response


def _hang_up() -> Response:
    """Close the connection under the server's feet; its attempt to answer then fails quietly."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    g.hung_up = True
    return Response(status=500)


def spoiled(body: dict[str, object], kind: str) -> dict[str, object]:
    """A GraphQL answer with an error beside its data."""
    data = body.get("data")
    if kind not in {"partial", "access_denied", "internal_error"} or not isinstance(data, dict) or not data:
        return body
    first = next(iter(data))
    internal = "Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR"
    denied = f"Access denied for {first} field.", "ACCESS_DENIED"
    message, code = denied if kind == "access_denied" else internal
    error = {"message": message, "path": [first], "extensions": {"code": code}}
    emptied = kind == "partial" and _empty_a_list(data)
    return body | {"errors": [error], "data": data if emptied else {**data, first: None}}


def _empty_a_list(data: object) -> bool:
    """Empty the first connection that has something in it, as if that were all; whether there was one."""
    if isinstance(data, list):
        return any(_empty_a_list(item) for item in data)
    if not isinstance(data, dict):
        return False
    if data.get("nodes"):
        data["nodes"] = []
        if "pageInfo" in data:
            data["pageInfo"] = {key: False if key.startswith("has") else None for key in data["pageInfo"]}
        return True
    return any(_empty_a_list(value) for value in data.values())
