"""Pictures and covers, behind signed addresses that expire and that are different at every reading."""

import hashlib
import hmac
import secrets
from html import escape

from local.facebook.people import Page

LIFE = 5 * 86400
SIZE = 50
HUES = (8, 32, 96, 152, 200, 232, 276, 328)


def cache_key(page: Page) -> str:
    """The same as long as the picture is."""
    return _digest("picture", page.id, str(page.fields.get("picture", 0)))[:20]


def cover_id(page: Page) -> str:
    """The same as long as the cover is."""
    return str(10**15 + int(_digest("cover", page.id, str(page.fields["cover"]))[:12], 16) % 10**14)


def link(address: str, secret: str, place: str, now: float) -> str:
    """The signed address of the image at `place`; `oe` is its end in hexadecimal seconds."""
    query = f"_nc_gid={secrets.token_urlsafe(9)}&oe={int(now) + LIFE:08X}"
    return f"{address}/cdn/{place}?{query}&oh={_signature(secret, place, query)}"


def is_good(secret: str, place: str, query: str, now: float) -> bool:
    """Whether a signed address is untouched and has not run out."""
    signed, _, signature = query.rpartition("&oh=")
    end = signed.rpartition("&oe=")[2]
    untouched = hmac.compare_digest(_signature(secret, place, signed).encode(), signature.encode())
    return untouched and now < int(end, 16)


def drawing(page: Page, kind: str) -> str:
    """What the address shows: the Page's initial on a colour that depends on the Page."""
    version = int(page.fields.get(kind) or 0)
    hue = HUES[(int(page.id) + 3 * version) % len(HUES)] if version else 0
    saturation = 45 if version else 0
    width = 200 if kind == "picture" else 820
    initial = escape(page.name[:1].upper())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 200" width="{width}" height="200">'
        f'<rect width="{width}" height="200" fill="hsl({hue} {saturation}% 42%)"/>'
        f'<text x="50%" y="140" font-family="sans-serif" font-size="110" fill="#fff" text-anchor="middle">'
        f"{initial}</text>"
        "</svg>"
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _signature(secret: str, place: str, query: str) -> str:
    return hmac.new(secret.encode(), f"{place}?{query}".encode(), hashlib.sha256).hexdigest()[:32]
