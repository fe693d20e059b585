"""The login dialog's rules: what may be asked, and where the browser goes afterwards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from local.facebook import versions
from local.facebook.grants import ALWAYS, PERMISSIONS, split_scope
from local.facebook.people import Page
from local.facebook.settings import Settings
from local.facebook.world import World

DENIED = {"error": "access_denied", "error_reason": "user_denied", "error_description": "Permissions error"}


class CannotAsk(Exception):
    """What the app asks cannot be shown to anybody; nobody is redirected anywhere."""

    def __init__(self, title: str, said: str) -> None:
        super().__init__(said)
        self.title = title
        self.said = said


@dataclass(frozen=True)
class Request:
    """What a person is asked."""

    redirect_uri: str
    state: str
    wanted: Sequence[str]
    again: bool
    """What was declined before is asked again."""
    all_or_nothing: bool
    """Of a configuration for business nothing can be declined."""
    return_scopes: bool


def read(asked: Mapping[str, str], version: str, settings: Settings, now: float) -> Request:
    """Check the parameters of the dialog."""
    if versions.served(version, now) is None:
        raise CannotAsk("Sorry, this page isn't available", f"There is no version {version} of this dialog.")
    if asked.get("client_id") != settings.app_id:
        raise CannotAsk(
            "Invalid App ID",
            "The provided app ID does not look like a valid app ID. Is FACEBOOK_APP_ID the sandbox's own?",
        )
    _check_redirect(asked.get("redirect_uri", ""), settings)
    if asked.get("response_type", "code") != "code":
        raise CannotAsk("Unsupported response_type", "The sandbox knows the server-side flow only: response_type=code.")
    if not asked.get("state"):
        raise CannotAsk("The state is missing", "Without a state nobody can tell whose login this is.")
    config_id = asked.get("config_id")
    return Request(
        redirect_uri=asked["redirect_uri"],
        state=asked["state"],
        wanted=_configured(config_id, settings) if config_id else _scopes(asked.get("scope", ""), settings),
        again="rerequest" in asked.get("auth_type", "").split(","),
        all_or_nothing=bool(config_id),
        return_scopes=asked.get("return_scopes") in {"1", "true"},
    )


def to_show(world: World, request: Request, person: str) -> list[str]:
    """The permissions that this person is asked for."""
    return world.grant(person).to_ask(request.wanted, again=request.again or request.all_or_nothing)


def offered_pages(world: World, person: str) -> list[Page]:
    return world.pages_of(person)


def approved(
    world: World, request: Request, person: str, ticked: Collection[str], pages: Collection[str] | None
) -> str:
    """Where the browser goes when the person continues; None for `pages` is all of them, those to come included."""
    shown = to_show(world, request, person)
    allowed = set(shown) if request.all_or_nothing else {*ticked, ALWAYS} & set(shown)
    offered = [page.id for page in offered_pages(world, person)]
    picked = None if pages is None else [page for page in offered if page in pages]
    with world.lock:
        grant = world.grant(person)
        grant.consent(shown, allowed, picked)
        world.kept.book.keep_pages(person, picked)
        code = world.kept.book.new_code(person, request.redirect_uri, world.clock())
    scopes = {"granted_scopes": ",".join(grant.granted), "denied_scopes": ",".join(grant.declined)}
    return _back(request, {"code": code, **(scopes if request.return_scopes else {})})


def denied(request: Request, kind: str = "denied") -> str:
    """Where the browser goes when the person does not, in each of the shapes that have been seen."""
    if kind == "error_message":
        said = "App not active: This app is not currently accessible and the app developer is aware of the issue."
        return _back(request, {"error_code": "1349195", "error_message": said})
    return _back(request, DENIED | ({"error_code": "200"} if kind == "denied_200" else {}))


def _back(request: Request, outcome: Mapping[str, str]) -> str:
    separator = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{separator}{urlencode({**outcome, 'state': request.state})}"


def _check_redirect(redirect_uri: str, settings: Settings) -> None:
    if redirect_uri != settings.redirect_uri:
        raise CannotAsk(
            "URL Blocked",
            "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings. "
            f"This app's is {settings.redirect_uri}",
        )


def _configured(config_id: str, settings: Settings) -> list[str]:
    if config_id != (settings.config_id or config_id) or not config_id.isdecimal():
        raise CannotAsk("Invalid configuration", f"This app has no login configuration {config_id}.")
    return split_scope(",".join(settings.config_permissions))


def _scopes(scope: str, settings: Settings) -> list[str]:
    if settings.business_app:
        raise CannotAsk(
            "It looks like this app isn't available", "This app needs at least one supported permission (config_id)."
        )
    wanted = split_scope(scope)
    unknown = [name for name in wanted if name not in PERMISSIONS]
    if unknown:
        raise CannotAsk("Invalid Scopes", f"{', '.join(unknown)}. This message is only shown to developers.")
    return wanted
