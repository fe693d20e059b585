"""Webhooks: which a shop should have, and whether they would arrive."""

import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from stockroom import inbox
from stockroom.errors import ProviderError, SetupError, StockroomError
from stockroom.shopify import shops
from stockroom.shopify.admin import Admin
from stockroom.shopify.events import TEST_TOPIC, TOPICS
from stockroom.signing import shopify_webhook_signature
from stockroom.snapshot import timestamp
from stockroom.space import Space

log = logging.getLogger("stockroom")

_PAGE = {"first": 100}
_TAKEN = "already been taken"
_TIMEOUT = (3.05, 6)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done so that a shop has the subscriptions it should have."""

    create: Sequence[str]
    remove: Sequence[str]


def plan(existing: Iterable[dict[str, Any]], address: str, topics: Iterable[str] = TOPICS) -> Plan:
    """Compare what exists with what should.

    A subscription to our address that filters events or fields is replaced. One to another address is not ours to
    touch.
    """
    ours = [item for item in existing if item["uri"] == address]
    altered = [item["id"] for item in ours if item["filter"] or item["includeFields"]]
    good = {item["topic"] for item in ours if item["id"] not in altered}
    return Plan([topic for topic in topics if topic not in good], altered)


def reconcile(admin: Admin, address: str) -> Plan:
    """Give the shop the subscriptions it should have; the plan that was carried out tells what was amiss."""
    existing = [item for page in admin.pages("Subscriptions", _PAGE) for item in page]
    todo = plan(existing, address)
    for subscription in todo.remove:
        _check(admin.run("Unsubscribe", id=subscription)["result"]["userErrors"], subscription)
    for topic in todo.create:
        result = admin.run("Subscribe", topic=topic, subscription={"uri": address, "format": "JSON"})
        _check(result["result"]["userErrors"], topic)
    return todo


def send_test(address: str, shop: str, secret: str, space: Space, now: float) -> None:
    """Post a signed event of our own to the webhook's public address; raises a StockroomError if it does not arrive.

    It goes the whole way, inbox included, and is taken out again there.
    """
    delivery = f"test-{uuid.uuid4()}"
    body = json.dumps({"sent_at": timestamp(now)}).encode()
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": TEST_TOPIC,
        "x-shopify-shop-domain": shop,
        "x-shopify-webhook-id": delivery,
        "x-shopify-hmac-sha256": shopify_webhook_signature(body, secret),
    }
    try:
        reply = requests.post(address, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise SetupError(
            f"The webhook's address cannot be reached ({type(error).__name__}): check SHOPIFY_WEBHOOK_ADDRESS."
        ) from None
    log.info("Webhook test result: HTTP %s", reply.status_code)
    if not 200 <= reply.status_code < 300:  # noqa: PLR2004 - as Shopify counts
        raise _test_failure(reply)
    if not inbox.holds(space, shops.source(shop), delivery):
        raise SetupError(
            "The webhook's address took the test event but did not keep it: check SHOPIFY_WEBHOOK_ADDRESS, and that "
            "the webhook function has the same bucket as the callback."
        )
    inbox.clear(space, shops.source(shop), delivery)


def _test_failure(reply: requests.Response) -> StockroomError:
    causes = {
        401: "the webhook function has another SHOPIFY_API_SECRET than the callback: deploy both anew.",
        404: "there is no function: check SHOPIFY_WEBHOOK_ADDRESS.",
        429: f"too many calls; it works again in {reply.headers.get('retry-after', '60')} seconds.",
    }
    cause = causes.get(reply.status_code, "check SHOPIFY_WEBHOOK_ADDRESS, and the webhook function's settings.")
    return SetupError(f"The webhook's address answered HTTP {reply.status_code}: {cause}")


def _check(errors: Sequence[dict[str, Any]], what: str) -> None:
    """A subscription that another worker made a moment ago is as good as ours."""
    messages = [error["message"] for error in errors if _TAKEN not in error["message"]]
    if messages:
        said = " ".join("; ".join(messages).split())[:_SHOWN]
        raise ProviderError(f"Shopify refused the subscription {what}: {said}")
