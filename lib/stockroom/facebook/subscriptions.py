"""Webhooks on both levels: the app says where Facebook posts, and each Page which of its fields are told.

An app has one address for all Pages, and writing another replaces it without a word; so it is replaced only if the
operator names the address that is to go. Source: Webhooks, getting started; Page subscribed_apps.
"""

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from stockroom import inbox
from stockroom.errors import SetupError, StockroomError
from stockroom.facebook import events
from stockroom.facebook.graph import Call, Graph
from stockroom.facebook.pages import Page, source
from stockroom.settings import FacebookApp
from stockroom.signing import facebook_webhook_signature
from stockroom.space import Space

log = logging.getLogger("stockroom")

FIELDS = (
    "name",
    "category",
    "description",
    "email",
    "phone",
    "website",
    "hours",
    "location",
    "picture",
    "company_overview",
    "general_info",
    "mission",
    "products",
    "founded",
    "price_range",
    "payment_options",
)
"""Every field of a Page that Facebook tells changes of and the snapshot holds."""

_TIMEOUT = (3.05, 6)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events should go. `replaces` is the address that may be overwritten, if any."""

    address: str
    verify_token: str = field(repr=False)
    replaces: str | None = None


def subscribe_app(graph: Graph, app: FacebookApp, endpoint: Endpoint) -> None:
    """Make the app's subscription what it should be; raises SetupError if another address is in place."""
    existing = graph.get(f"{app.id}/subscriptions", app.token)["data"]
    fields = wanted(existing, endpoint)
    if fields:
        graph.post(
            f"{app.id}/subscriptions",
            app.token,
            object="page",
            callback_url=endpoint.address,
            verify_token=endpoint.verify_token,
            fields=",".join(fields),
            include_values="true",
        )


def wanted(existing: Sequence[Mapping[str, Any]], endpoint: Endpoint) -> list[str]:
    """The fields to subscribe the app to, with those that are there already; empty if nothing has to be done."""
    there = next((item for item in existing if item["object"] == "page"), None)
    if there is None:
        return list(FIELDS)
    if there["callback_url"] not in (endpoint.address, endpoint.replaces):
        address = there["callback_url"].partition("?")[0]  # what follows may be somebody's secret
        raise SetupError(
            f"This app's Page events go to {address} and an app has one address only: to replace it, "
            "set FACEBOOK_REPLACES_WEBHOOK to that address, or use another app."
        )
    names = [_name(entry) for entry in there.get("fields") or []]
    good = there["callback_url"] == endpoint.address and there.get("active", True) and set(FIELDS) <= set(names)
    return [] if good else [*dict.fromkeys([*names, *FIELDS])]


def subscribe_pages(graph: Graph, pages: Sequence[Page]) -> dict[str, StockroomError]:
    """Subscribe each Page that is not yet subscribed to all fields; the Pages where that failed, and why."""
    answers = _by_page(graph, [Call(f"{page.id}/subscribed_apps", page.token) for page in pages], pages)
    problems = {page: answer for page, answer in answers.items() if isinstance(answer, StockroomError)}
    lacking = [page for page in pages if page.id not in problems and not set(FIELDS) <= set(_told(answers[page.id]))]
    calls = [
        Call(f"{page.id}/subscribed_apps", page.token, "POST", {"subscribed_fields": _all(_told(answers[page.id]))})
        for page in lacking
    ]
    made = _by_page(graph, calls, lacking)
    return problems | {page: answer for page, answer in made.items() if isinstance(answer, StockroomError)}


def check_handshake(endpoint: Endpoint) -> None:
    """Ask our own webhook as Facebook will; raises SetupError unless the challenge comes back, and nothing else."""
    challenge = str(secrets.randbelow(10**9))
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": endpoint.verify_token}
    reply = _reach("GET", endpoint.address, params=query)
    if reply.status_code == requests.codes.forbidden:
        raise SetupError(
            "The webhook refuses FACEBOOK_VERIFY_TOKEN: deploy the webhook and the callback with the same one."
        )
    if reply.status_code != requests.codes.ok or reply.text != challenge:
        raise SetupError(
            f"The webhook's address answered HTTP {reply.status_code} and not the challenge: "
            "check FACEBOOK_WEBHOOK_ADDRESS."
        )


def send_test(endpoint: Endpoint, secret: str, space: Space, now: float) -> None:
    """Post a signed event of our own; it goes the whole way, inbox included, and is taken out again there."""
    entry = {"id": events.TEST_PAGE, "time": int(now), "changed_fields": [f"test_{secrets.token_hex(8)}"]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    signature = facebook_webhook_signature(body, secret)
    headers = {"content-type": "application/json", "x-hub-signature-256": signature}
    reply = _reach("POST", endpoint.address, data=body, headers=headers)
    log.info("Webhook test result: HTTP %s", reply.status_code)
    if reply.status_code != requests.codes.ok:
        raise SetupError(
            f"The webhook's address answered HTTP {reply.status_code}: "
            "check FACEBOOK_WEBHOOK_ADDRESS and that webhook and callback have the same FACEBOOK_APP_SECRET."
        )
    for event in events.split(body, now):
        if not inbox.holds(space, source(event.page), event.delivery):
            raise SetupError(
                "The webhook's address took the test event but did not keep it: check FACEBOOK_WEBHOOK_ADDRESS, and "
                "that the webhook function has the same bucket as the callback."
            )
        inbox.clear(space, source(event.page), event.delivery)


def _reach(method: str, address: str, **request: Any) -> requests.Response:
    try:
        return requests.request(method, address, timeout=_TIMEOUT, allow_redirects=False, **request)
    except requests.RequestException as error:
        raise SetupError(
            f"The webhook's address cannot be reached ({type(error).__name__}): check FACEBOOK_WEBHOOK_ADDRESS."
        ) from None


def _by_page(graph: Graph, calls: Sequence[Call], pages: Sequence[Page]) -> dict[str, Any]:
    return dict(zip([page.id for page in pages], graph.batch(calls), strict=True))


def _told(answer: Mapping[str, Any]) -> list[str]:
    """The fields that a Page is subscribed to by us."""
    return [_name(entry) for item in answer.get("data") or [] for entry in item.get("subscribed_fields") or []]


def _all(names: Sequence[str]) -> str:
    """What is there and what should be: a subscription is made with all of its fields."""
    return ",".join(dict.fromkeys([*names, *FIELDS]))


def _name(entry: Any) -> str:
    """Fields are told as names, or as objects with a version."""
    return str(entry["name"] if isinstance(entry, dict) else entry)
