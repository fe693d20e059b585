"""shopify/login: send the owner to Shopify's consent page. Also the app's own address, which Shopify opens signed."""

from stockroom import http, page, settings, state
from stockroom.errors import CallerError
from stockroom.http import Request, Response
from stockroom.shopify import oauth, shops

_SIGNS_OF_SHOPIFY = ("hmac", "timestamp", "host")


def handle(request: Request) -> Response:
    """`/{shop}`, `?shop=` typed into our own form, or Shopify's `?shop&hmac&timestamp`."""
    app, secret = settings.shopify_app(), settings.state_secret()
    if any(request.parameter(name) for name in _SIGNS_OF_SHOPIFY):
        oauth.check_entry(request, app, http.now())
    name = request.path.strip("/") or request.parameter("shop")
    if not name and not request.wants_page:
        raise CallerError("No shop is named: call /shopify/<shop>/login.")
    if not name:
        return _ask()
    shop = shops.domain(name)
    if request.parameter("embedded") == "1":
        return _leave_frame(oauth.login_url(app, shop), shop)
    login, text, cookie = state.begin(secret, oauth.PURPOSE, shop, http.now(), page=request.page_asked)
    kept = http.cookie(login.cookie, cookie, address=app.redirect_uri, seconds=state.LIFETIME)
    return Response.redirect(oauth.consent_url(app, shop, text), [kept])


def _ask() -> Response:
    lead = "Its name is what stands before .myshopify.com in the address of its admin."
    return Response.html(page.question("Connect a shop", lead, "shop", "acme", "Connect"))


def _leave_frame(address: str, shop: str) -> Response:
    """Inside Shopify's admin we are in a frame, where neither our cookie nor the consent page would work."""
    frames = f"https://{shop} https://admin.shopify.com"
    return Response.html(
        page.doorway("Connect this shop", f"Stockroom asks {shop} for access.", address, "Continue", frames)
    )
