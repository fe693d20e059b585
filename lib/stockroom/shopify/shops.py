"""A shop's name, and where its admin answers."""

import re

from stockroom.errors import CallerError

_SUFFIX = ".myshopify.com"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def domain(text: str) -> str:
    """`acme.myshopify.com` for `acme` or `Acme.MyShopify.com`; raises CallerError for anything else.

    The name becomes a host that we send secrets to, so nothing is repaired and nothing may follow it.
    """
    lowered = text.lower() if text.isascii() else ""
    name = lowered.removesuffix(_SUFFIX)
    if not _NAME.fullmatch(name):
        raise CallerError("That is not the name of a shop: it should look like acme or acme.myshopify.com.")
    return name + _SUFFIX


def admin_url(shop: str, sandbox_url: str | None) -> str:
    """The address below which a shop's admin answers, without a slash at the end."""
    return f"{sandbox_url.rstrip('/')}/{shop}" if sandbox_url else f"https://{shop}"


def source(shop: str) -> str:
    """The shop's name among all sources, under which its private state lies."""
    return f"shopify/{shop}"


def snapshot_key(shop: str) -> str:
    """Where the bot reads."""
    return f"{shop}/shopify_data.json"
