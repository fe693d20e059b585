"""facebook/deauthorize: a person removed the app on Facebook."""

from stockroom import http, settings
from stockroom.facebook import leaving
from stockroom.facebook.leaving import Farewell
from stockroom.http import Request, Response
from stockroom.outcome import Places
from stockroom.space import Space
from stockroom.vault import Vault


def handle(request: Request) -> Response:
    """Forget their tokens and mark their Pages."""
    secrets, spaces, keys = settings.facebook_secrets(), settings.spaces(), settings.token_keys()
    user = leaving.person(request, secrets)
    places = Places(Space(spaces), Space(spaces, private=True))
    marked = Farewell(places, Vault(places.private, keys), http.now()).deauthorise(user)
    return Response(200, {"status": "success", "message": f"{marked} Pages lost their access."})
