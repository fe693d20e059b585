"""The signature on every address that Shopify sends a browser to (shopify.dev: verify the installation request)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode


def signature(params: Mapping[str, str], secret: str) -> str:
    """HMAC-SHA256 in hex over the sorted `key=value` pairs, joined by `&`."""
    message = "&".join(f"{_escape(key).replace('=', '%3D')}={_escape(params[key])}" for key in sorted(params))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def signed_address(address: str, params: Mapping[str, str], secret: str) -> str:
    """The address with these parameters and their signature."""
    query = urlencode({**params, "hmac": signature(params, secret)})
    return f"{address}{'&' if '?' in address else '?'}{query}"


def host_parameter(shop: str) -> str:
    """Where in the admin the shop is: base64 without its padding."""
    place = f"admin.shopify.com/store/{shop.partition('.')[0]}"
    return base64.b64encode(place.encode()).decode().rstrip("=")


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")
