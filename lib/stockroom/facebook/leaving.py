"""A person takes the app away, or asks to be deleted. Source: deauthorize and data deletion request callbacks.

    .stockroom/deletions/<code>.json    {"status": "complete", "requestedAt": ..., "completedAt": ..., "pages": 2}

The record of a deletion names nobody; its code is random, and the only way to it.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from stockroom import snapshot
from stockroom.errors import CallerError, Unauthorised
from stockroom.facebook import pages, people
from stockroom.http import Request
from stockroom.outcome import Places
from stockroom.signing import verify_signed_request
from stockroom.snapshot import timestamp
from stockroom.vault import Vault

_ALGORITHM = "HMAC-SHA256"
_CODE = re.compile(r"[0-9a-f]{32}")
_DEAUTHORISED = "The person who connected this Page removed the app on Facebook: log in again to go on."
_DELETED = "The person who connected this Page had their data deleted: log in again to go on."


def person(request: Request, app_secrets: Sequence[str]) -> str:
    """The app-scoped id of the person who leaves, from a posted `signed_request`; its signature is looked at first."""
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = [value for name, value in form if name == "signed_request"]
    payload = verify_signed_request(values[0], app_secrets) if len(values) == 1 else None
    if payload is None:
        raise Unauthorised(
            "The signed_request is missing or was not signed by Facebook; if it came from there, "
            "check FACEBOOK_APP_SECRET."
        )
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise CallerError("The signed_request holds no JSON object.")
    if str(content.get("algorithm", "")).upper() != _ALGORITHM:
        raise Unauthorised(f"The signed_request is signed by another rule than {_ALGORITHM}.")
    user = str(content.get("user_id", ""))
    if not (user.isascii() and user.isdigit()):
        raise CallerError("The signed_request names no user_id.")
    return user


@dataclass(frozen=True, slots=True)
class Farewell:
    """Lets people go. Doing it twice does no harm: Facebook repeats itself, and a function may die halfway."""

    places: Places
    vault: Vault
    now: float

    def deauthorise(self, user: str) -> int:
        """Forget a person's tokens and mark their Pages, whose own data stays; how many there are."""
        return self._let_go(user, _DEAUTHORISED)

    def delete(self, user: str) -> str:
        """Delete what is known of a person: tokens, and which Pages were theirs. Gives the code of the record.

        The record is written first and completed last, so one that was interrupted shows as pending.
        """
        code = secrets.token_hex(16)
        etag = self.places.private.create(_key(code), self._record("pending", 0))
        marked = self._let_go(user, _DELETED)
        people.forget(self.places.private, user)
        self.places.private.swap(_key(code), self._record("complete", marked), etag)
        return code

    def deletion(self, code: str) -> dict[str, Any]:
        """The record of a deletion; raises CallerError for a code that was never given out."""
        found = self.places.private.read(_key(code)) if _CODE.fullmatch(code) else None
        if found is None:
            raise CallerError("There is no deletion with this code: check the address that Facebook shows.", status=404)
        record: dict[str, Any] = json.loads(found.body)
        return record

    def _let_go(self, user: str, reason: str) -> int:
        known = people.pages(self.places.private, user)
        theirs = [page for page in known if people.depends(self.vault, page, user)]
        for page in theirs:
            self.vault.delete(pages.source(page))
            snapshot.record_loss(self.places.public, pages.folder(page), self.now, reason)
        self.vault.delete(people.source(user))
        return len(theirs)

    def _record(self, status: str, marked: int) -> bytes:
        moment = timestamp(self.now)
        done = moment if status == "complete" else None
        return json.dumps({"status": status, "requestedAt": moment, "completedAt": done, "pages": marked}).encode()


def _key(code: str) -> str:
    return f".stockroom/deletions/{code}.json"
