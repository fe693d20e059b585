"""Faults on demand: what goes wrong, where, and how often.

`POST /_sandbox/faults` takes a JSON list of rules; each is used up one call at a time, the oldest that fits first.

    {"where": "accounts", "kind": "error", "code": 4}                              the next listing of Pages
    {"where": "page", "kind": "error", "code": 190, "subcode": 460, "page": "1048..."}   the next reading of this Page
    {"where": "page", "kind": "null_entry", "times": 3, "after": 1}                not the next, the three after it
    {"where": "graph", "kind": "502"}                                              whatever comes next

`where` is `dialog`, or an operation of the Graph API, alone or as an entry of a batch: `token` (oauth/access_token),
`debug_token`, `me` (a person, or the app), `accounts`, `permissions`, `page`, `picture`, `subscriptions`,
`subscribed_apps`; `batch` is the whole batch, `graph` any of them. `times` is 1 unless told, `after` 0. Kinds:

    dialog       denied        the person cancels, without being asked
                 denied_200    the same as an app in development mode has it: with error_code=200
                 error_message the other documented shape: error_code and error_message
    elsewhere    error         a Graph error: `code`, and if wanted `subcode`, `message`, `type`, `transient`, `data` (a
                               string), `minutes` (for throttling codes: 4, 17, 32, 341, 613, 80001)
                 a status from 300 to 599 ("502" as a proxy's HTML page, "500" with an empty JSON object)
                 html          200 with an HTML page
                 garbage       200, JSON that breaks off
                 timeout       no answer for `seconds` (60), then 504; as an entry of a batch: null
                 lost_reply    the call takes effect, the connection closes without an answer; in a batch: null
                 null_entry    in a batch: null, nothing took effect (alone: nothing happens, and the fault is used up)
                 revoked       the person removes the app just now: 190/458 from here on
    token        no_expiry     the answer has no `expires_in`, and its token does not expire
"""

import re
from dataclasses import dataclass
from threading import Lock

from local.facebook.errors import OAUTH, SESSION_MESSAGES, GraphError

GRAPH = (
    *("graph", "batch", "token", "debug_token", "me", "accounts", "permissions", "page", "picture"),
    *("subscriptions", "subscribed_apps"),
)
DIALOG_KINDS = {"denied", "denied_200", "error_message"}
GRAPH_KINDS = {"error", "html", "garbage", "timeout", "lost_reply", "null_entry", "revoked"}


@dataclass
class Fault:
    where: str
    kind: str
    page: str | None = None
    times: int = 1
    after: int = 0
    seconds: float = 60.0
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    type: str = OAUTH
    transient: bool = False
    data: str | None = None
    minutes: int | None = None

    def __post_init__(self) -> None:
        if self.where not in {"dialog", *GRAPH}:
            raise ValueError(f"where: {self.where!r} is none of dialog, {', '.join(GRAPH)}")
        known = DIALOG_KINDS if self.where == "dialog" else GRAPH_KINDS
        known = known | {"no_expiry"} if self.where == "token" else known
        if self.kind not in known and not (self.where != "dialog" and self.status):
            raise ValueError(f"kind: {self.kind!r} is unknown for {self.where}")
        if self.kind == "error" and self.code is None:
            raise ValueError("an error needs its code")

    @property
    def status(self) -> int | None:
        return int(self.kind) if re.fullmatch("[345][0-9]{2}", self.kind) else None

    def error(self, app_id: str) -> GraphError:
        """What a fault of kind `error` is answered with."""
        usual = SESSION_MESSAGES.get(self.subcode or 0, "").format(app=app_id) if self.code == 190 else ""
        said = self.message or usual
        return GraphError(self.code, said, self.subcode, self.type, self.transient, self.data, self.minutes)

    def meets(self, where: str, page: str | None) -> bool:
        here = self.where == where or (self.where == "graph" and where != "dialog")
        return here and self.page in {None, page} and self.times > 0


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

    def take(self, where: str, page: str | None = None) -> Fault | None:
        """The fault this call meets, used up by it."""
        with self._lock:
            fitting = [rule for rule in self.rules if rule.meets(where, page)]
            due = next((rule for rule in fitting if rule.after == 0), None)
            for waiting in fitting[: fitting.index(due)] if due else fitting:
                waiting.after -= 1
            if due:
                due.times -= 1
            self.rules = [rule for rule in self.rules if rule.times > 0]
            return due
