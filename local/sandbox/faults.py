"""Faults on demand: what goes wrong, where, and how often.

`POST /_sandbox/faults` takes a JSON list of rules; each is used up one request at a time, the oldest that fits first.

    {"where": "graphql", "kind": "throttled"}                                 the next GraphQL request
    {"where": "graphql", "kind": "502", "operation": "Products", "times": 3}   the next three of this operation
    {"where": "token", "kind": "lost_reply", "shop": "acme.myshopify.com", "after": 1}    not the next, the one after

`where` is `authorize` (the consent page), `token` or `graphql`; `times` is 1 unless said otherwise, `after` 0. Kinds:

    everywhere   a status from 300 to 599 ("429" with Retry-After, "502" as a proxy's HTML page, "301" to elsewhere)
                 html        200 with an HTML page
                 garbage     200, JSON that breaks off
                 timeout     no answer for `seconds` (60), then 504
                 lost_reply  the request takes effect, the connection closes without an answer
    authorize    access_denied  the merchant refuses, without being asked
    token        invalid_grant, invalid_client, invalid_request   as the endpoint says them
                 no_expiry   the reply tells no `expires_in` and no `refresh_token_expires_in`
                 revoked     the app is uninstalled just now
    graphql      throttled   THROTTLED inside HTTP 200, as if the bucket were empty
                 partial     an error beside data in which a list is empty that is not
                 access_denied, internal_error   that code in `errors`, the field null
                 revoked     the app is uninstalled just now: 401 from here on
"""

import re
from dataclasses import dataclass
from threading import Lock

EVERYWHERE = {"html", "garbage", "timeout", "lost_reply"}
KINDS = {
    "authorize": {"access_denied"},
    "token": {"invalid_grant", "invalid_client", "invalid_request", "no_expiry", "revoked"},
    "graphql": {"throttled", "partial", "access_denied", "internal_error", "revoked"},
}


@dataclass
class Fault:
    where: str
    kind: str
    shop: str | None = None
    operation: str | None = None
    times: int = 1
    after: int = 0
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.where not in KINDS:
            raise ValueError(f"where: {self.where!r} is none of {', '.join(KINDS)}")
        if not (re.fullmatch("[345][0-9]{2}", self.kind) or self.kind in EVERYWHERE | KINDS[self.where]):
            raise ValueError(f"kind: {self.kind!r} is unknown for {self.where}")

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdecimal() else None

    def meets(self, where: str, shop: str, operation: str | None) -> bool:
        here = self.where == where and self.shop in {None, shop}
        return here and self.operation in {None, operation} and self.times > 0


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._lock = Lock()

    def add(self, rules: list[Fault]) -> None:
        with self._lock:
            self.rules.extend(rules)

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()

    def take(self, where: str, shop: str, operation: str | None = None) -> Fault | None:
        """The fault this request meets, used up by it."""
        with self._lock:
            fitting = [rule for rule in self.rules if rule.meets(where, shop, operation)]
            due = next((rule for rule in fitting if rule.after == 0), None)
            for waiting in fitting[: fitting.index(due)] if due else fitting:
                waiting.after -= 1
            if due:
                due.times -= 1
            self.rules = [rule for rule in self.rules if rule.times > 0]
            return due
