"""The server: an address to a function, a request to an event, a result to a response."""

import hmac
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkzeug import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.gateway import pages, trouble
from local.gateway.activations import Activation, Activations, TooMany, record
from local.gateway.answer import Answer, NoAnswerError, answer, cors
from local.gateway.event import WebRequest, event
from local.gateway.outcome import MAX_BYTES
from local.gateway.project import Function, Project
from local.gateway.routes import Invocation, Lookup, Nothing, Route, StartPage, WebCall, route, short
from local.gateway.terminal import Line, Terminal

if TYPE_CHECKING:
    from concurrent.futures import Future

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE = 30.0
"""Seconds that the platform waits for a result before it answers 202."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the activation behind it if there was one."""

    answer: Answer
    activation: Activation | None = None


class Gateway:
    """The WSGI application."""

    def __init__(
        self,
        project: Project,
        activations: Activations,
        surroundings: pages.Surroundings,
        access_key: str,
        terminal: Terminal,
    ) -> None:
        self._project = project
        self._activations = activations
        self._surroundings = surroundings
        self._access_key = access_key
        self._terminal = terminal

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began = time.monotonic()
        request = Request(environ)
        path = _raw_path(environ)
        reply = self._reply(request, path, route(path))
        activation = reply.activation
        self._terminal.request(
            Line(
                method=request.method,
                path=short(path),
                status=reply.answer.status,
                milliseconds=round((time.monotonic() - began) * 1000),
                function=activation.function.full_name if activation else "",
                warm=activation.warm if activation else None,
            )
        )
        return _send(reply.answer, request.method, start_response)

    def _reply(self, request: Request, path: str, target: Route) -> Reply:
        match target:
            case StartPage() if request.host.startswith("127.0.0.1"):
                # Cookies are kept by name: what begins here would not come back to the callback, which is on localhost.
                return Reply(Answer(307, (("location", f"{self._surroundings.address}/"),)))
            case StartPage():
                return Reply(_html(200, pages.start(self._project, self._surroundings)))
            case WebCall():
                return self._web(request, target)
            case Invocation() | Lookup():
                return Reply(self._api(request, target))
            case Nothing():
                return _troubled(request, trouble.nothing_here(short(path)))

    # Web calls

    def _web(self, request: Request, call: WebCall) -> Reply:
        function = self._project.function(call.package, call.function)
        if function is None:
            return _troubled(request, trouble.nothing_here(f"/{call.package}/{call.function}"))
        if function.web is False:
            return _troubled(request, trouble.private(function))
        if function.web_secret and not _same(request.headers.get("x-require-whisk-auth", ""), function.web_secret):
            return _troubled(request, trouble.wrong_web_secret(function))
        extra = () if function.answers_options else cors(request.headers.get("access-control-request-headers", ""))
        if extra and request.method == "OPTIONS":
            return Reply(Answer(200, extra))
        reply = self._call(request, call.path, function)
        return replace(reply, answer=replace(reply.answer, headers=(*reply.answer.headers, *extra)))

    def _call(self, request: Request, path: str, function: Function) -> Reply:
        body = _body(request)
        content = event(_web_request(request, path, body), function.web) if body is not None else None
        if content is None or len(json.dumps(content, ensure_ascii=False).encode()) > MAX_BYTES:
            return _troubled(request, trouble.too_large(function))
        try:
            activation_id, future = self._activations.web(function, content)
            activation = future.result(PATIENCE)
        except TooMany:
            return _troubled(request, trouble.too_many())
        except TimeoutError:
            return _troubled(request, trouble.not_ready(function, activation_id))
        except OSError as error:
            return _troubled(request, trouble.no_process(function, str(error)))
        reply = _answered(request, activation)
        headers = (*reply.answer.headers, ("x-openwhisk-activation-id", activation.id))
        return Reply(replace(reply.answer, headers=headers), activation)

    # The platform's API

    def _api(self, request: Request, target: Invocation | Lookup) -> Answer:
        authorization = request.authorization
        given = f"{authorization.username}:{authorization.password}" if authorization else ""
        if not self._access_key or not _same(given, self._access_key):
            challenge = (("www-authenticate", 'Basic realm="Functions"'),)
            return replace(_json(401, {"error": "The supplied authentication is invalid."}), headers=challenge)
        if isinstance(target, Lookup):
            return self._lookup(target)
        if request.method != "POST":
            return _json(405, {"error": "Invoke an action by POST."})
        return self._invoke(request, target)

    def _lookup(self, target: Lookup) -> Answer:
        activation = self._activations.record(target.activation)
        if activation is None:
            return _json(404, {"error": "The requested resource does not exist."})
        shown = record(activation)
        parts = {"": shown, "logs": {"logs": shown["logs"]}, "result": shown["response"]}
        return _json(200, parts[target.part])

    def _invoke(self, request: Request, target: Invocation) -> Answer:
        function = self._project.function(target.package, target.function)
        if function is None:
            return _json(404, {"error": "The requested resource does not exist."})
        body = _body(request)
        if body is None:
            return _json(413, trouble.too_large(function).json())
        payload = _object(body)
        if payload is None:
            return _json(400, {"error": "The request content was malformed: it must be a JSON object."})
        try:
            activation_id, future = self._activations.invoke(function, payload)
        except TooMany:
            return _json(429, trouble.too_many().json())
        if request.args.get("blocking") != "true":
            return _json(202, {"activationId": activation_id})
        return _waited(activation_id, future, only_result=request.args.get("result") == "true")


def serve(port: int, application: Gateway) -> BaseWSGIServer:
    """A server that listens on this machine only; call its `serve_forever`."""
    return make_server("127.0.0.1", port, application, threaded=True, request_handler=_Silent)


class _Silent(WSGIRequestHandler):
    """The terminal has its own lines; werkzeug's would show query strings."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's signature
        pass


def _answered(request: Request, activation: Activation) -> Reply:
    problem = trouble.of_ending(activation)
    if problem is None:
        try:
            return Reply(answer(activation.outcome.result))
        except NoAnswerError as error:
            problem = trouble.of_answer(activation, error)
    return _troubled(request, problem)


def _waited(activation_id: str, future: "Future[Activation]", *, only_result: bool) -> Answer:
    try:
        activation = future.result(PATIENCE)
    except TimeoutError:
        return _json(202, {"activationId": activation_id})
    shown = record(activation)
    return _json(200 if activation.outcome.succeeded else 502, shown["response"]["result"] if only_result else shown)


def _troubled(request: Request, problem: trouble.Trouble) -> Reply:
    if "text/html" in request.headers.get("accept", ""):
        return Reply(_html(problem.status, pages.trouble(problem)))
    return Reply(_json(problem.status, problem.json()))


def _html(status: int, page: str) -> Answer:
    headers = (("content-type", "text/html; charset=utf-8"), ("content-security-policy", pages.POLICY), _FRESH)
    return Answer(status, headers, page.encode())


def _json(status: int, document: dict[str, Any]) -> Answer:
    return Answer(status, (("content-type", "application/json"), _FRESH), json.dumps(document, indent=2).encode())


_FRESH = ("cache-control", "no-store")


def _send(answer: Answer, method: str, start_response: "StartResponse") -> Iterable[bytes]:
    """Send it as it is: a framework's response would rewrite the address of a redirect."""
    # Latin-1 is what WSGI carries; whatever a function says beyond it goes out as UTF-8.
    headers = [(name, value.encode().decode("latin-1")) for name, value in answer.headers]
    has_body = answer.status not in (204, 304)
    if has_body:
        headers.append(("content-length", str(len(answer.body))))
    start_response(f"{answer.status} {HTTP_STATUS_CODES.get(answer.status, 'Unknown')}", headers)
    return [answer.body] if has_body and method != "HEAD" else []


def _raw_path(environ: "WSGIEnvironment") -> str:
    """The path as it was sent. Whoever talks to a server as to a proxy sends a whole address."""
    sent = str(environ["REQUEST_URI"]).partition("?")[0]
    scheme, _, rest = sent.partition("://")
    return f"/{rest.partition('/')[2]}" if rest and scheme in ("http", "https") else sent


def _web_request(request: Request, path: str, body: bytes) -> WebRequest:
    return WebRequest(
        method=request.method,
        path=path,
        query=request.query_string.decode("latin-1"),
        headers=tuple(request.headers.items()),
        body=body,
        client=request.remote_addr or "",
    )


def _body(request: Request) -> bytes | None:
    """The whole body, or None if it is over the platform's limit."""
    request.max_content_length = MAX_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None  # the server reads the rest and throws it away, so that its sender gets to read the answer


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
