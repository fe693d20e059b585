"""Connecting the Pages of a login: webhooks made and tried, metadata read, tokens sealed, snapshots published.

What fails for one Page is told for that Page and does not keep the others from being connected.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from stockroom import http, snapshot
from stockroom.errors import OwnerError, StockroomError
from stockroom.facebook import oauth, pages, people, subscriptions
from stockroom.facebook.graph import Graph
from stockroom.facebook.oauth import Grant
from stockroom.facebook.pages import Page, Reading
from stockroom.facebook.subscriptions import Endpoint
from stockroom.outcome import SUCCESS, Places, Status, failed, not_uploaded, note_failure, uploaded
from stockroom.settings import FacebookApp
from stockroom.snapshot import Stamp, timestamp
from stockroom.vault import Vault

_WRITERS = 16
_LOST = "This Page was not among those picked at the last login: log in again and pick it to go on."


@dataclass(frozen=True, slots=True)
class PageResult:
    """How it went with one Page."""

    reading: Reading
    polling_test: Status
    upload: Status


@dataclass(frozen=True, slots=True)
class Connection:
    """How it went with all of them; `lost` are Pages of the login before that this one does not reach."""

    webhook_test: Status
    results: Sequence[PageResult]
    unreachable: Mapping[str, str]
    lost: Sequence[str]


def connect(
    graph: Graph, app: FacebookApp, grant: Grant, endpoint: Endpoint, places: Places, vault: Vault
) -> Connection:
    """Connect every Page that the login reaches; raises OwnerError if it reaches none."""
    read_at = http.now()
    reached, unreachable = pages.reachable(graph, grant)
    lost = _let_go(places, vault, grant.user, [page.id for page in reached], unreachable)
    if not reached:
        raise OwnerError(_no_page(list(unreachable.values())), again=oauth.login_url(app))
    webhook_test, unsubscribed = _try_webhooks(graph, app, reached, endpoint, places)
    readings = pages.read(graph, reached)
    vault.renew(people.source(grant.user), lambda _: _sealed("user", grant.token, grant))
    keeper = _Keeper(app.version, grant, places, vault, read_at, unsubscribed)
    with ThreadPoolExecutor(_WRITERS) as writers:
        results = list(writers.map(keeper.keep, readings))
    return Connection(webhook_test, results, {page: error.message for page, error in unreachable.items()}, lost)


def _let_go(places: Places, vault: Vault, user: str, reached: Sequence[str], unreachable: Collection[str]) -> list[str]:
    """Mark the Pages of earlier logins that were not picked again. They stay on the person's list, by which all that
    is theirs is found when they leave.
    """
    known = people.pages(places.private, user)
    left_out = [page for page in known if page not in reached and page not in unreachable]
    lost = [page for page in left_out if people.depends(vault, page, user)]
    for page in lost:
        snapshot.record_loss(places.public, pages.folder(page), http.now(), _LOST)
    if reached:
        people.keep(places.private, user, [*dict.fromkeys([*reached, *known])])
    return lost


def _try_webhooks(
    graph: Graph, app: FacebookApp, reached: Sequence[Page], endpoint: Endpoint, places: Places
) -> tuple[Status, Mapping[str, StockroomError]]:
    """See whether an event would arrive, then subscribe the app and its Pages; why some are not subscribed."""
    try:
        subscriptions.check_handshake(endpoint)
        subscriptions.send_test(endpoint, app.secret, places.private, http.now())
        subscriptions.subscribe_app(graph, app, endpoint)
        problems = subscriptions.subscribe_pages(graph, reached)
    except StockroomError as error:
        return failed("Webhook setup failed", error, "error"), {page.id: error for page in reached}
    if problems:
        first = next(iter(problems.values())).message
        said = f"{len(problems)} of {len(reached)} Pages could not be subscribed. {first}"
        return failed("Webhook setup failed", OwnerError(said), "error"), problems
    return SUCCESS, {}


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Puts into the bucket what belongs to one Page."""

    version: str
    grant: Grant
    places: Places
    vault: Vault
    read_at: float
    unsubscribed: Mapping[str, StockroomError]

    def keep(self, reading: Reading) -> PageResult:
        """Seal the Page's token and publish its metadata."""
        page, outcome = reading.page, reading.outcome
        try:
            self._seal(page)
        except StockroomError as error:
            return PageResult(reading, _read(outcome), failed("Failed to upload to Spaces", error))
        if isinstance(outcome, StockroomError):
            note_failure(self.places.public, pages.folder(page.id), outcome)
            return PageResult(reading, _read(outcome), not_uploaded("polling_test"))
        if page.id in self.unsubscribed:
            note_failure(self.places.public, pages.folder(page.id), self.unsubscribed[page.id])
            return PageResult(reading, SUCCESS, not_uploaded("webhook_test"))
        return PageResult(reading, SUCCESS, self._publish(page, outcome))

    def _seal(self, page: Page) -> None:
        """Keep the Page's token, but not in place of somebody else's that can do more."""
        if page.id not in self.unsubscribed or people.depends(self.vault, page.id, self.grant.user):
            self.vault.renew(pages.source(page.id), lambda _: _sealed("page", page.token, self.grant))

    def _publish(self, page: Page, metadata: Mapping[str, Any]) -> Status:
        def document(stamp: Stamp) -> dict[str, Any]:
            return {**metadata, "extensions": {"apiVersion": self.version, **stamp.document()}}

        key, folder, space = pages.snapshot_key(page.id), pages.folder(page.id), self.places.public
        try:
            published = snapshot.publish(space, key, pages.content(metadata), self.read_at, document)
            if not published.overtaken:
                doubt = pages.doubt(metadata)
                snapshot.record_check(space, folder, http.now(), published, {"pages": 1}, doubt)
        except StockroomError as error:
            return failed("Failed to upload to Spaces", error)
        return uploaded(published)


def _read(outcome: dict[str, Any] | StockroomError) -> Status:
    return failed("Polling test failed", outcome, "error") if isinstance(outcome, StockroomError) else SUCCESS


def _no_page(problems: Sequence[StockroomError]) -> str:
    if problems:
        return f"None of the Pages that were picked can be reached. {problems[0].message}"
    return (
        "This login reaches no Page: log in again and pick at least one that you manage; for one in a business "
        "portfolio add business_management to FACEBOOK_SCOPES."
    )


def _sealed(kind: str, token: str, grant: Grant) -> bytes:
    """What the vault keeps of a token; `user` is who brought it."""
    facts = {"kind": kind, "token": token, "user": grant.user, "scopes": grant.scopes}
    until = {"dataAccessExpires": grant.data_access_expires, "obtained": timestamp(http.now())}
    return json.dumps({**facts, **until}).encode()
