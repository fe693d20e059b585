"""Everything that one sandbox knows."""

from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Event, RLock
from typing import Any

from local.facebook import state, webhooks
from local.facebook.courier import Courier
from local.facebook.faults import Faults
from local.facebook.grants import Grant
from local.facebook.people import Page, everyone
from local.facebook.settings import Settings
from local.facebook.usage import Usage
from local.sandbox.clock import Clock

REMEMBERED_REQUESTS = 10_000
OTHER_APP = "990000000000099"


class World:
    """Whoever changes what is kept holds `lock`; nobody holds it while waiting for the app's answer."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.faults = Faults()
        self.usage = Usage(settings.budgets, clock)
        self.requests: deque[dict[str, object]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.closing = Event()
        """Set when the server ends, so that nothing waits on."""
        self.lock = RLock()
        self.people, self.pages = everyone()
        self.kept = state.read(self._file, settings.app_id)
        self._written = b""
        self.courier = Courier(settings.app_secret, clock, self.kept.deliveries)
        for page, changes in self.kept.edits.items():
            if page in self.pages:
                _apply(self.pages[page], changes)
        self.kept.book.of_other_app(OTHER_APP, next(iter(self.people)), clock())

    @property
    def app_token(self) -> str:
        return f"{self.settings.app_id}|{self.settings.app_secret}"

    def grant(self, person: str) -> Grant:
        with self.lock:
            first = Grant(declined=list(self.people[person].declined))
            return self.kept.grants.setdefault(person, first)

    def told(self, moment: float) -> int:
        """A moment as the app must hear it: it knows the real time only. 0 is never."""
        return int(moment - self.clock.ahead) if moment else 0

    def edit(self, edits: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
        """Change fields of Pages and send the webhook; Page -> the fields that really changed."""
        changed: dict[str, list[str]] = {}
        with self.lock:
            for page, changes in edits.items():
                differing = {name: value for name, value in changes.items() if self._differs(page, name, value)}
                self.kept.edits.setdefault(page, {}).update(differing)
                _apply(self.pages[page], differing)
                changed[page] = list(differing)
        self._announce(changed)
        return changed

    def announce_test(self, field: str) -> bool:
        """The dashboard's test event: of a Page with id 0. Whether there is an address to send it to."""
        subscription = self.kept.subscriptions.get("page")
        if subscription:
            self._hand_over([webhooks.News(webhooks.TEST_PAGE, {field: "Test value"})])
        return subscription is not None

    def remove_app(self, person: str) -> None:
        """The person removed the app: 458 for every token of theirs, and no more events of the Pages only they gave."""
        with self.lock:
            grant = self.grant(person)
            pages = [page.id for page in self.pages_of(person) if grant.covers(page.id)]
            grant.remove()
            self.kept.book.kill(person, 458)
            for page in pages:
                if not self.is_granted(page):
                    self.kept.page_subscriptions.pop(page, None)

    def set_role(self, person: str, page: str, *, held: bool) -> None:
        """Take a person's role on a Page away, which ends its tokens with 492, or give it back."""
        with self.lock:
            lost = self.kept.lost_roles.setdefault(person, [])
            if held and page in lost:
                lost.remove(page)
            elif not held and page not in lost:
                lost.append(page)
                self.kept.book.lose_role(person, page)

    def pages_of(self, person: str) -> list[Page]:
        """The Pages on which a person has a role now."""
        lost = self.kept.lost_roles.get(person, [])
        return [self.pages[page] for page in self.people[person].roles if page not in lost]

    def has_role(self, person: str, page: str) -> bool:
        return page in self.people[person].roles and page not in self.kept.lost_roles.get(person, [])

    def is_granted(self, page: str) -> bool:
        """Whether anybody lets the app hear of this Page."""
        return any(
            self.has_role(person, page)
            and self.grant(person).covers(page)
            and self.grant(person).allows("pages_manage_metadata")
            for person in self.people
        )

    def save(self) -> None:
        """Keep everything that changed, if it is to outlive the process."""
        if self._file is None:
            return
        with self.lock, self.kept.book.lock, self.courier.lock:
            content = state.dump(self.kept)
            if content != self._written:
                state.write(self._file, content)
                self._written = content

    def _announce(self, changed: Mapping[str, Iterable[str]]) -> None:
        subscription = self.kept.subscriptions.get("page")
        if subscription is None:
            return
        heard = [page for page in changed if page in self.kept.page_subscriptions and self.is_granted(page)]
        wanted = {page: set(subscription.fields) & set(self.kept.page_subscriptions[page]) for page in heard}
        self._hand_over([webhooks.news(self.pages[page], changed[page], wanted[page]) for page in heard])

    def _hand_over(self, news: Iterable[webhooks.News]) -> None:
        subscription = self.kept.subscriptions["page"]
        for body, changes in webhooks.bodies(news, subscription, int(self.clock.real())):
            self.courier.hand_over(subscription.callback_url, body, changes)

    def _differs(self, page: str, name: str, value: object) -> bool:
        return bool(self.pages[page].fields.get(name) != (value if has_value(value) else None))

    @property
    def _file(self) -> Path | None:
        return self.settings.state and self.settings.state / "facebook.json"


def has_value(value: object) -> bool:
    """False and 0 are values; nothing, and an empty text, list or object, is not."""
    return value is not None and value not in ("", [], {})


def _apply(page: Page, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if has_value(value):
            page.fields[name] = value
        else:
            page.fields.pop(name, None)
