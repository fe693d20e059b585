"""Connecting a shop once its tokens are there: webhooks made and tried, everything read, the snapshot published.

Each part says how it went and why; only what the next part rests on keeps it from being tried.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stockroom import http, snapshot
from stockroom.errors import StockroomError
from stockroom.settings import ShopifyApi
from stockroom.shopify import catalog, shops, snapshots, subscriptions
from stockroom.shopify.admin import Admin, OutOfTime
from stockroom.shopify.catalog import Catalog
from stockroom.space import Space

log = logging.getLogger("stockroom")

Status = dict[str, str]

_SUCCESS: Status = {"status": "success"}
_CUT = {"message": "Too much for one answer."}
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


@dataclass(frozen=True, slots=True)
class Places:
    """The bucket that the bot reads and the one that holds our own state; often the same."""

    public: Space
    private: Space


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
        note = {"message": "The rest is being read; the link leads to all of it in a while.", "link": link}
        return result(_SUCCESS, _pending(webhook_test, hand_over), {"counts": found.expected, "part": note}, note)
    except StockroomError as error:
        _note_failure(places.public, shop, error)
        note = {"message": "The reading failed, so this is only a part of the shop."}
        extensions = {"counts": found.expected, "part": note}
        return result(_failed("Polling test failed", error, "error"), _not_uploaded("polling_test"), extensions, note)
    if webhook_test is not _SUCCESS:
        return result(_SUCCESS, _not_uploaded("webhook_test"), {}, _CUT)
    upload, stamp = _publish(places.public, shop, found, api, read_at, doubt)
    return result(_SUCCESS, upload, stamp, {**_CUT, "link": link} if stamp else _CUT)


def _try_webhooks(shop: str, admin: Admin, webhooks: Webhooks, private: Space) -> Status:
    """Register the subscriptions, then see whether an event would arrive."""
    try:
        subscriptions.reconcile(admin, webhooks.address)
        subscriptions.send_test(webhooks.address, shop, webhooks.secret, private, http.now())
    except StockroomError as error:
        return _failed("Webhook setup failed", error)
    return _SUCCESS


def _publish(
    space: Space, shop: str, found: Catalog, api: ShopifyApi, read_at: float, doubt: str | None
) -> tuple[Status, dict[str, str]]:
    """How publishing went, and the stamp of the snapshot that now lies in the bucket."""
    try:
        published = snapshots.publish(space, shop, found, api.version, read_at, doubt)
    except StockroomError as error:
        return _failed("Failed to upload to Spaces", error), {}
    if published.overtaken:
        return {**_SUCCESS, "message": "No upload needed: a later reading lies in the bucket already."}, {}
    message = "Uploaded." if published.changed else "No upload needed: Data unchanged"
    return {**_SUCCESS, "message": message}, published.stamp.document()


def _pending(webhook_test: Status, hand_over: Callable[[], bool]) -> Status:
    if webhook_test is not _SUCCESS:
        return _not_uploaded("webhook_test")
    if hand_over():
        return {"status": "pending", "message": "The shop is big: it is being read on, and uploaded once it is whole."}
    return {
        "status": "failed",
        "message": "The shop is big and its sync could not be started: check FUNCTIONS_ACCESS_KEY.",
    }


def _not_uploaded(cause: str) -> Status:
    return {"status": "failed", "message": f"Not uploaded because {cause} failed; mend that and log in again."}


def _failed(phrase: str, error: StockroomError, status: str = "failed") -> Status:
    log.warning("%s: %s", phrase, error.message)
    return {"status": status, "message": error.message}


def _note_failure(space: Space, shop: str, error: StockroomError) -> None:
    """Mark the freshness record; that it cannot be marked must not hide what went wrong before."""
    try:
        snapshot.record_failure(space, shop, http.now(), error.message)
    except StockroomError as second:
        log.warning("Failed to upload to Spaces: %s", second.message)
