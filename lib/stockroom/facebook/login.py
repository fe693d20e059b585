"""facebook/login: send the Page's owner to Facebook's consent dialog."""

from stockroom import http, settings, state
from stockroom.facebook import oauth
from stockroom.http import Request, Response


def handle(request: Request) -> Response:
    """With `?again=1` also for permissions that were declined before."""
    app, secret = settings.facebook_app(), settings.state_secret()
    login, text, cookie = state.begin(secret, oauth.PURPOSE, oauth.SUBJECT, http.now(), page=request.page_asked)
    kept = http.cookie(login.cookie, cookie, address=app.redirect_uri, seconds=state.LIFETIME)
    return Response.redirect(oauth.consent_url(app, text, again=request.parameter("again") == "1"), [kept])
