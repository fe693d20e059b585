"""facebook/callback: the owner is back. Checks the login, trades the code, connects every Page, and answers."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stockroom import http, page, settings, state
from stockroom.facebook import oauth
from stockroom.facebook.connect import Connection, PageResult, connect
from stockroom.facebook.graph import Graph
from stockroom.facebook.oauth import Grant
from stockroom.facebook.subscriptions import Endpoint
from stockroom.http import Request, Response
from stockroom.masking import masked
from stockroom.outcome import Places, Status
from stockroom.page import Check
from stockroom.patience import Patience
from stockroom.space import Space
from stockroom.vault import Vault

log = logging.getLogger("stockroom")

RESERVE = 8
"""Seconds before the platform's own end that uploading and answering need."""

_SHOWN = ("id", "name", "description", "category")


@dataclass(slots=True)
class Setup:
    """All that this function is given, read before anything is done, so that nothing is left half done."""

    app: settings.FacebookApp = field(default_factory=settings.facebook_app)
    webhook_address: str = field(default_factory=settings.facebook_webhook_address)
    verify_token: str = field(default_factory=settings.facebook_verify_token, repr=False)
    replaces: str | None = field(default_factory=settings.facebook_replaces_webhook)
    state_secret: str = field(default_factory=settings.state_secret, repr=False)
    spaces: settings.Spaces = field(default_factory=settings.spaces)
    keys: settings.KeyRing = field(default_factory=settings.token_keys)


def handle(request: Request) -> Response:
    """Finish a login; a StockroomError means that nothing was kept of it but that its state is used up."""
    setup = Setup()
    arrival = oauth.check_callback(request, setup.state_secret, http.now(), oauth.login_url(setup.app))
    places = Places(Space(setup.spaces), Space(setup.spaces, private=True))
    state.spend(places.private, arrival.state)
    graph = Graph(setup.app, Patience(request.deadline - RESERVE, http.now))
    grant = oauth.grant(graph, setup.app, arrival.code)
    oauth.check_permissions(setup.app, grant)
    endpoint = Endpoint(setup.webhook_address, setup.verify_token, setup.replaces)
    connection = connect(graph, setup.app, grant, endpoint, places, Vault(places.private, setup.keys))
    log.info("%s Pages connected with %s Graph calls", len(connection.results), graph.calls)
    answer = _answer(grant, connection)
    page_wanted = http.wants_page(request, arrival.state.page)

    def render(shown: dict[str, Any]) -> Response:
        return Response.html(_page(connection, shown)) if page_wanted else Response(200, shown)

    return render(fitting(answer, lambda shown: http.fits(render(shown))))


def fitting(answer: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The answer itself if it fits into a result, otherwise with as many Pages as do, saying that it is a part."""
    shown, most = answer, len(answer["pages"]["data"])
    while most and not fits(shown):
        most //= 2
        note = {"message": "Too much for one answer; the bucket has all of it.", "of": len(answer["pages"]["data"])}
        parts = {name: answer[name][:most] for name in ("polling_test", "upload_status_result")}
        shown = {**answer, **parts, "pages": {**answer["pages"], "data": answer["pages"]["data"][:most], "part": note}}
    return shown


def _answer(grant: Grant, connection: Connection) -> dict[str, Any]:
    """The contract's JSON; tokens are masked."""
    found: dict[str, Any] = {"data": [_shown(result) for result in connection.results]}
    if connection.unreachable:
        found["unreachable"] = dict(connection.unreachable)
    if connection.lost:
        found["access_lost"] = list(connection.lost)
    return {
        "token_data": {"access_token": masked(grant.token), "token_type": "bearer", "expires_in": grant.expires_in},
        "pages": found,
        "webhook_test": connection.webhook_test,
        "polling_test": [_by_page(result, result.polling_test) for result in connection.results],
        "upload_status_result": [_by_page(result, result.upload) for result in connection.results],
    }


def _shown(result: PageResult) -> dict[str, Any]:
    reached, outcome = result.reading.page, result.reading.outcome
    listed: dict[str, Any] = {"id": reached.id, "name": reached.name, "category": reached.category}
    known = outcome if isinstance(outcome, dict) else listed
    return {**{name: known.get(name) for name in _SHOWN}, "access_token": masked(reached.token)}


def _by_page(result: PageResult, status: Status) -> dict[str, Any]:
    return {"page_id": result.reading.page.id, "result": status}


def _page(connection: Connection, answer: dict[str, Any]) -> page.Document:
    good = "Facebook's events arrive and are kept."
    webhooks = connection.webhook_test
    checks = [Check("Webhooks", webhooks["status"], webhooks.get("message", good))]
    checks += [_check(result) for result in connection.results]
    checks += [Check(f"Page {name}", "failed", message) for name, message in connection.unreachable.items()]
    counts = {"Pages": len(connection.results)} | ({"Access lost": len(connection.lost)} if connection.lost else {})
    worked = all(check.status == "success" for check in checks)
    title = "Your Pages are connected" if worked else "Your Pages are connected, but not all is well"
    lead = "The bot finds each Page's data at facebook/<page id>/page_data.json."
    return page.result(title, lead, counts, checks, answer, answer["pages"].get("part"))


def _check(result: PageResult) -> Check:
    worst = result.upload if result.polling_test["status"] == "success" else result.polling_test
    reached = result.reading.page
    return Check(f"{reached.name} ({reached.id})", worst["status"], worst.get("message", ""))
