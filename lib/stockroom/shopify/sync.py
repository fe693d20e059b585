"""shopify/sync: one whole read of one shop, for as long as it takes; the callback hands over shops that are big."""

from collections.abc import Mapping
from typing import Any

from stockroom import http, settings, snapshot
from stockroom.errors import CallerError, StockroomError
from stockroom.shopify import catalog, shops, snapshots, tokens
from stockroom.shopify.admin import Admin
from stockroom.shopify.catalog import Catalog
from stockroom.space import Space
from stockroom.vault import Vault

RESERVE = 60
"""Seconds before the platform's own end that publishing, or noting why not, may take."""


def run(payload: Mapping[str, Any], deadline: float) -> dict[str, Any]:
    """Read and publish the shop that `{"source": "shopify/<shop>"}` names."""
    shop = _shop(payload)
    spaces, keys, api = settings.spaces(), settings.token_keys(), settings.shopify_api()
    space, found, read_at = Space(spaces), Catalog(), http.now()
    try:
        token = tokens.load(Vault(Space(spaces, private=True), keys), shop, read_at).access_token
        admin = Admin(shop, token, api, deadline - RESERVE)
        catalog.read(admin, found)
        published = snapshots.publish(space, shop, found, api.version, read_at, catalog.doubt(admin, found))
    except StockroomError as error:
        snapshot.record_failure(space, shop, http.now(), error.message)
        raise
    return {"status": "success", "changed": published.changed, "counts": found.counts}


def _shop(payload: Mapping[str, Any]) -> str:
    source = str(payload.get("source", ""))
    if not source.startswith("shopify/"):
        raise CallerError('The payload has to be {"source": "shopify/<shop>.myshopify.com"}.')
    return shops.domain(source.removeprefix("shopify/"))
