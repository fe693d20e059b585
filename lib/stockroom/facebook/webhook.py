"""facebook/webhook: echo the handshake; verify an event, keep it in the inbox of each Page it names, answer."""

from concurrent.futures import ThreadPoolExecutor

from stockroom import http, inbox, settings
from stockroom.errors import CallerError, Unauthorised
from stockroom.facebook import events
from stockroom.facebook.events import PageEvent
from stockroom.http import Request, Response
from stockroom.signing import same, verify_facebook_webhook
from stockroom.space import Space

_WRITERS = 32
"""Writes at once: a delivery may name a thousand Pages, and has to be answered within five seconds."""


def handle(request: Request) -> Response:
    """GET is the handshake, POST an event: 401 for a bad signature, 200 once everything in it is stored."""
    return _handshake(request) if request.method == "GET" else _event(request)


def _handshake(request: Request) -> Response:
    expected = settings.facebook_verify_token()
    if not same(request.parameter("hub.verify_token"), expected):
        raise CallerError("hub.verify_token is not FACEBOOK_VERIFY_TOKEN.", status=403)
    challenge = request.parameter("hub.challenge")
    if request.parameter("hub.mode") != "subscribe" or not challenge:
        raise CallerError("A handshake has hub.mode=subscribe and a hub.challenge.")
    return Response(200, challenge, {"content-type": "text/plain; charset=utf-8"})


def _event(request: Request) -> Response:
    secrets, spaces = settings.facebook_secrets(), settings.spaces()
    if not verify_facebook_webhook(request.body, request.headers.get("x-hub-signature-256", ""), secrets):
        raise Unauthorised(
            "X-Hub-Signature-256 does not fit the body: only Facebook may post here; "
            "if this came from Facebook, check FACEBOOK_APP_SECRET."
        )
    space = Space(spaces, private=True)

    def store(event: PageEvent) -> bool:
        return inbox.store(space, f"facebook/{event.page}", event.delivery, event.item)

    with ThreadPoolExecutor(_WRITERS) as writers:
        new = list(writers.map(store, events.split(request.body, http.now())))
    return Response(200, {"status": "success", "message": f"{sum(new)} stored, {len(new) - sum(new)} stored already."})
