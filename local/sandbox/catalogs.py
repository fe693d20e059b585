"""Which catalogue a word names: `builtin`, `generate:500`, or the file of a product export."""

import re
from pathlib import Path

from local.sandbox.builtin import coffee
from local.sandbox.catalog import Catalog
from local.sandbox.csv_columns import CatalogError
from local.sandbox.csv_import import imported
from local.sandbox.generate import generated

MOST = 1_000_000


def catalog_of(shop: str, source: str) -> Catalog:
    """The catalogue a shop has; CatalogError, in one sentence, if the word names none."""
    if source == "builtin":
        return coffee(shop)
    if source.startswith("generate:"):
        return generated(shop, _size(source))
    path = Path(source)
    if not path.is_file():
        raise CatalogError(f"no such catalogue: {source!r} is neither 'builtin' nor 'generate:N' nor a file")
    return imported(shop, path)


def _size(source: str) -> int:
    size = re.fullmatch(r"generate:([1-9]\d*)", source)
    if not size or int(size[1]) > MOST:
        raise CatalogError(f"no such catalogue: {source!r}; write generate: and a number from 1 to {MOST}")
    return int(size[1])
