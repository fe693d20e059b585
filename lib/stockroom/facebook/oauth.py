"""The login with Facebook: authorization code grant, then a long-lived token, then a Page token for each Page.

Source: Facebook Login, manual flow; long-lived tokens; debug_token; declined permissions.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from stockroom import state
from stockroom.errors import CallerError, LoginNeeded, OwnerError, ProviderError, SetupError
from stockroom.facebook.graph import Graph
from stockroom.facebook.reply import Refused
from stockroom.http import Request
from stockroom.settings import FacebookApp

PURPOSE = "facebook/login"
SUBJECT = "facebook"

_UNIQUE = ("code", "state", "error", "error_reason", "error_code")
_CANCELLED = ("access_denied", "user_denied")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A callback that passed every check that needs no storage."""

    code: str = field(repr=False)
    state: state.State


@dataclass(frozen=True, slots=True)
class Grant:
    """What a login brought: whose token it is, what it may do, and until when."""

    token: str = field(repr=False)
    user: str
    """App-scoped id of the person, by which Facebook later asks for deletion."""
    scopes: tuple[str, ...]
    pages: tuple[str, ...] | None
    """The ids of the Pages that were picked, or None if Facebook did not limit the grant to some."""
    expires_in: int
    """Seconds; 0 if the token has no end of its own."""
    data_access_expires: int
    """Seconds since 1970 until which data may be read without a new login; 0 if unknown."""


def consent_url(app: FacebookApp, state_text: str, *, again: bool = False) -> str:
    """Where the owner is asked; with `again`, also for what was declined before."""
    query = {"client_id": app.id, "redirect_uri": app.redirect_uri, "state": state_text, "response_type": "code"}
    if app.config_id:
        query["config_id"] = app.config_id
    else:
        query["scope"] = ",".join(app.scopes)
    if again:
        query["auth_type"] = "rerequest"
    return f"{app.dialog_url}/{app.version}/dialog/oauth?{urlencode(query)}"


def login_url(app: FacebookApp) -> str:
    """Where a person logs in once more and is asked again for what was declined."""
    return f"{app.redirect_uri.rpartition('/')[0]}/login?again=1"


def check_callback(request: Request, secret: str, now: float, again: str | None = None) -> Arrival:
    """What a callback brought, if this browser began the login. Facebook signs nothing here: the state has to do."""
    request.refuse_repeated(*_UNIQUE)
    login = state.check(secret, PURPOSE, request.parameter("state"), request.cookies, now)
    _check_consent(request, again)
    code = request.parameter("code")
    if not code:
        raise CallerError(f"The address has no code parameter; {state.AGAIN}.")
    return Arrival(code, login)


def grant(graph: Graph, app: FacebookApp, code: str) -> Grant:
    """Trade the one-time code for a long-lived token and look at what it may do. The code is sent once."""
    short = _token(_traded(graph, code=code, redirect_uri=app.redirect_uri))
    long = _traded(graph, grant_type="fb_exchange_token", fb_exchange_token=short)
    token = _token(long)
    facts = graph.inspect(token)
    if str(facts.get("app_id")) != app.id or not facts.get("is_valid"):
        raise CallerError(f"Facebook's token is not valid for this app; {state.AGAIN}.", status=403)
    return Grant(
        token=token,
        user=str(facts.get("user_id") or ""),
        scopes=tuple(facts.get("scopes") or ()),
        pages=_picked(facts.get("granular_scopes") or []),
        expires_in=int(long.get("expires_in") or 0),
        data_access_expires=int(facts.get("data_access_expires_at") or 0),
    )


def check_permissions(app: FacebookApp, granted: Grant) -> None:
    """Raise OwnerError for what was declined. A configuration of Login for Business grants all or nothing."""
    wanted = () if app.config_id else app.scopes
    declined = [scope for scope in wanted if scope not in granted.scopes]
    if declined:
        said = f"Without {', '.join(declined)} the Pages cannot be kept up to date; log in again and allow all of it."
        raise OwnerError(said, again=login_url(app))


def _check_consent(request: Request, again: str | None) -> None:
    """The dialog says no in several shapes: `error`, `error_reason`, or `error_code` with a message."""
    said = {request.parameter(name) for name in ("error", "error_reason")}
    if said & set(_CANCELLED):
        raise OwnerError(
            "The login was cancelled on Facebook's page, so nothing was stored; log in again if you want to. "
            "If nobody cancelled it, the app is in development mode and this person has no role in it.",
            again=again,
        )
    if said - {""} or request.parameter("error_code"):
        raise SetupError(
            "Facebook could not show its dialog: check FACEBOOK_APP_ID, FACEBOOK_REDIRECT_URI and the app's settings."
        )


def _traded(graph: Graph, **parameters: str) -> dict[str, Any]:
    try:
        answer = graph.exchange(**parameters)
    except (Refused, LoginNeeded):
        raise CallerError(f"Facebook refused the code: it was used already or has expired; {state.AGAIN}.") from None
    return answer if isinstance(answer, dict) else {}


def _token(answer: dict[str, Any]) -> str:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise ProviderError(f"Facebook's answer held no token; {state.AGAIN}.")
    return token


def _picked(granular: list[dict[str, Any]]) -> tuple[str, ...] | None:
    """The Pages that any Page permission names. One that names none covers all of them: absent is not empty."""
    of_pages = [item for item in granular if str(item.get("scope", "")).startswith("pages_")]
    if not of_pages or any("target_ids" not in item for item in of_pages):
        return None
    return tuple(dict.fromkeys(str(page) for item in of_pages for page in item["target_ids"]))
