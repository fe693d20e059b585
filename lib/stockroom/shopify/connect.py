"""Connecting a shop once its tokens are there: webhooks made and tried, everything read, the snapshot published.

Each part says how it went and why; only what the next part rests on keeps it from being tried.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stockroom import http
from stockroom.errors import OutOfTime, StockroomError
from stockroom.outcome import SUCCESS, Places, Status, failed, not_uploaded, note_failure, uploaded
from stockroom.settings import ShopifyApi
from stockroom.shopify import catalog, shops, snapshots, subscriptions
from stockroom.shopify.admin import Admin
from stockroom.shopify.catalog import Catalog
from stockroom.space import Space

log = logging.getLogger("stockroom")

_CUT = {"message": "Here is only the first part: all of it is too much for one answer."}
_LINK_LIFETIME = 900


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where a shop's events should go, and what signs them."""

    address: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """How each part went, and the snapshot as far as it was read."""

    webhook_test: Status
    polling_test: Status
    upload: Status
    snapshot: dict[str, Any]
    note: dict[str, str]
    """What to say where only a part of the snapshot is shown; its link holds for a quarter of an hour."""


def connect(
    shop: str, admin: Admin, api: ShopifyApi, webhooks: Webhooks, places: Places, hand_over: Callable[[], bool]
) -> Connection:
    """Connect a shop as far as `admin`'s deadline allows; `hand_over` starts the sync that goes on from there."""
    read_at, found = http.now(), Catalog()
    webhook_test = _try_webhooks(shop, admin, webhooks, places.private)
    link = places.public.link(shops.snapshot_key(shop), _LINK_LIFETIME)

    def result(polling_test: Status, upload: Status, extensions: dict[str, Any], note: dict[str, str]) -> Connection:
        whole = snapshots.document(found, api.version, extensions)
        return Connection(webhook_test, polling_test, upload, whole, note)

    try:
        catalog.read(admin, found)
        doubt = catalog.doubt(admin, found)
    except OutOfTime:
        note = {
            "message": "Here is only the first part; the link leads to all of it in some minutes, once it was read.",
            "link": link,
        }
        return result(SUCCESS, _pending(webhook_test, hand_over), {"counts": found.expected, "part": note}, note)
    except StockroomError as error:
        note_failure(places.public, shop, error)
        note = {"message": "The reading failed, so this is only a part of the shop."}
        extensions = {"counts": found.expected, "part": note}
        return result(failed("Polling test failed", error, "error"), not_uploaded("polling_test"), extensions, note)
    if webhook_test is not SUCCESS:
        return result(SUCCESS, not_uploaded("webhook_test"), {}, _CUT)
    upload, stamp = _publish(places.public, shop, found, api, read_at, doubt)
    return result(SUCCESS, upload, stamp, {**_CUT, "link": link} if stamp else _CUT)


def _try_webhooks(shop: str, admin: Admin, webhooks: Webhooks, private: Space) -> Status:
    """Register the subscriptions, then see whether an event would arrive."""
    try:
        subscriptions.reconcile(admin, webhooks.address)
        subscriptions.send_test(webhooks.address, shop, webhooks.secret, private, http.now())
    except StockroomError as error:
        return failed("Webhook setup failed", error)
    return SUCCESS


def _publish(
    space: Space, shop: str, found: Catalog, api: ShopifyApi, read_at: float, doubt: str | None
) -> tuple[Status, dict[str, str]]:
    """How publishing went, and the stamp of the snapshot that now lies in the bucket."""
    try:
        published = snapshots.publish(space, shop, found, api.version, read_at, doubt)
    except StockroomError as error:
        return failed("Failed to upload to Spaces", error), {}
    return uploaded(published), {} if published.overtaken else published.stamp.document()


def _pending(webhook_test: Status, hand_over: Callable[[], bool]) -> Status:
    if webhook_test is not SUCCESS:
        return not_uploaded("webhook_test")
    if hand_over():
        return {
            "status": "pending",
            "message": "The shop is big: it is being read on, and uploaded once it is whole, if it changed.",
        }
    return {
        "status": "failed",
        "message": "The shop is big and its sync could not be started: check FUNCTIONS_ACCESS_KEY.",
    }
