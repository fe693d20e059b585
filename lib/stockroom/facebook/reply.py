"""What an answer of the Graph API means, without I/O: wait, try again, ask the owner, or our own mistake.

Decided by code and subcode, not by HTTP status. Facebook's own words are not passed on: some quote the token.
Source: Graph API, error handling and rate limits.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockroom.errors import LoginNeeded, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError

_FIELD = re.compile(r"nonexisting field \((\w+)\)")
_OK = 200
_SERVER_FAILED = 500
MOMENT = 1.0
"""Seconds after which what failed for no fault of ours may be tried again."""

_WAIT = 60.0
_ENOUGH = 80
"""Percent of any budget at which we stop by ourselves: going on when it is used up prolongs the block."""

OF_THE_APP = ("x-app-usage",)
OF_THE_PAGE = ("x-page-usage", "x-business-use-case-usage")
"""The headers that tell budgets: one for all calls of the app, the others for those about one Page."""

_MEASURES = ("call_count", "total_time", "total_cputime")

_TOO_MUCH = "reduce the amount of data"
_AGAIN = (1, 2)
_LIMITS = (4, 17, 32, 341, 613, 80001, 80002, 80006)
_TOKEN = (102, 190)
_CREDENTIALS = 101
_REDIRECT = 191
_CAPABILITIES = (3, 10)
_PERMISSIONS = range(200, 300)
_BLOCKED = 368
_ACT_ON_FACEBOOK = (459, 464, 490)
_PAGE_TOKEN_WANTED = 2069032
_REASONS = {
    458: "the app was removed on Facebook",
    460: "the password was changed",
    463: "the access has expired",
    467: "the access was withdrawn",
    492: "the role on the Page was lost",
    493: "it was not used for 90 days",
}


class Refused(ProviderError):
    """The request asks for something that does not exist or is not ours; `field` names it if Facebook does."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class PermissionMissing(OwnerError):
    """A permission that the call needs was not granted, or not for this Page."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tightest budget: how much of it is used up, in percent, and the minutes until a block ends."""

    percent: float = 0
    minutes: float = 0

    @property
    def wait(self) -> float:
        """Seconds to wait before the next call; 0 while there is room."""
        if self.percent < _ENOUGH and not self.minutes:
            return 0
        return max(_WAIT, self.minutes * 60)


def decipher(status: int, headers: Mapping[str, str], body: bytes | str) -> Any:
    """The content of a good answer; raises what a bad one means. `headers` is case-insensitive or lower-case."""
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        raise _meaning(error, usage(headers))
    if status >= _SERVER_FAILED:
        raise ProviderBusy(f"Facebook failed (HTTP {status}); try again in a moment.", wait=MOMENT)
    if status != _OK or content is None:
        raise ProviderError(f"Facebook's answer (HTTP {status}) cannot be read; try again later.")
    return content


def usage(headers: Mapping[str, str], names: Sequence[str] = (*OF_THE_APP, *OF_THE_PAGE)) -> Usage:
    """The tightest of the budgets that an answer's headers tell."""
    found = [item for name in names for item in _reports(headers.get(name) or "")]
    return Usage(
        max((_number(item.get(key)) for item in found for key in _MEASURES), default=0),
        max((_number(item.get("estimated_time_to_regain_access")) for item in found), default=0),
    )


def _reports(text: str) -> Iterator[Mapping[str, Any]]:
    """A usage header is one report, or lists of them by business."""
    try:
        content = json.loads(text)
    except ValueError:
        return
    if not isinstance(content, dict):
        return
    yield content
    for value in content.values():
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, dict))


def _meaning(error: Mapping[str, Any], used: Usage) -> StockroomError:
    code, subcode = int(_number(error.get("code"))), int(_number(error.get("error_subcode")))
    message = str(error.get("message", ""))
    name = f"code {code}" + (f", subcode {subcode}" if subcode else "")
    if code == _CREDENTIALS or "client secret" in message or "appsecret_proof" in message:
        return SetupError(
            "Facebook does not accept this app's credentials: check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET."
        )
    if code in _LIMITS:
        wait = max(_WAIT, used.wait)
        said = f"Facebook's call limit is reached ({name}); it works again in {wait:.0f} seconds."
        return ProviderBusy(said, wait=wait)
    if _TOO_MUCH in message:
        return Refused(f"Facebook finds this too much to be asked for at once ({name}).")
    if code in _AGAIN or error.get("is_transient") is True:
        return ProviderBusy(f"Facebook failed for a moment ({name}); try again.", wait=MOMENT)
    if code in _TOKEN:
        return _token_problem(subcode, name)
    return _request_problem(code, message, name)


def _token_problem(subcode: int, name: str) -> StockroomError:
    if subcode in _ACT_ON_FACEBOOK:
        return OwnerError(f"Facebook wants the owner to confirm something at facebook.com first ({name}).")
    if subcode == _PAGE_TOKEN_WANTED:
        return Refused(f"Facebook wants the Page's own token for this ({name}).")
    reason = _REASONS.get(subcode, "it is not valid any more")
    return LoginNeeded(f"Facebook does not accept the stored token because {reason} ({name}): log in again.")


def _request_problem(code: int, message: str, name: str) -> StockroomError:
    if code == _REDIRECT:
        return SetupError(
            "Facebook does not know this redirect address: check FACEBOOK_REDIRECT_URI against the app's settings."
        )
    if code in _CAPABILITIES or code in _PERMISSIONS:
        return PermissionMissing(f"Facebook misses a permission for this ({name}): log in again and grant all of it.")
    if code == _BLOCKED:
        return OwnerError(f"Facebook has blocked this for breaking its policy ({name}): see the app's alerts there.")
    field = _FIELD.search(message)
    return Refused(f"Facebook refused the request ({name}).", field[1] if field else None)


def _number(value: Any) -> float:
    try:
        number = float(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if math.isfinite(number) else 0
