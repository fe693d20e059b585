"""facebook/deletion: a person wants to be deleted (POST), or to see whether they were (GET)."""

from typing import Any

from stockroom import http, page, settings
from stockroom.facebook import leaving
from stockroom.facebook.leaving import Farewell
from stockroom.http import Request, Response
from stockroom.outcome import Places
from stockroom.space import Space
from stockroom.vault import Vault


def handle(request: Request) -> Response:
    """POST answers what Facebook documents: an address that shows the deletion's state, and its code."""
    secrets, spaces, keys = settings.facebook_secrets(), settings.spaces(), settings.token_keys()
    own = settings.facebook_webhook_address().rpartition("/")[0] + "/deletion"
    places = Places(Space(spaces), Space(spaces, private=True))
    farewell = Farewell(places, Vault(places.private, keys), http.now())
    if request.method == "GET":
        return _state(request, farewell.deletion(request.parameter("code")))
    code = farewell.delete(leaving.person(request, secrets))
    return Response(200, {"url": f"{own}?code={code}", "confirmation_code": code})


def _state(request: Request, record: dict[str, Any]) -> Response:
    if not request.wants_page:
        return Response(200, record)
    done = record["status"] == "complete"
    title = "Your data was deleted" if done else "Your data is being deleted"
    lead = "Nothing that tells who you are is kept." if done else "Look at this address again in a while."
    return Response.html(page.notice(title, f"{lead} Asked for at {record['requestedAt']}."))
