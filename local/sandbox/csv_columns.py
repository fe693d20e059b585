"""Reading a product export row by row: its columns under either of their names, and what is wrong in which cell."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

# The names of Shopify's older exports -> those of its newer ones. All are compared in lower case.
NEWER = {
    "handle": "url handle",
    "body (html)": "description",
    "type": "product type",
    "published": "published on online store",
    "variant sku": "sku",
    "variant barcode": "barcode",
    "variant grams": "weight value (grams)",
    "variant weight unit": "weight unit for display",
    "variant inventory tracker": "inventory tracker",
    "variant inventory qty": "inventory quantity",
    "variant inventory policy": "continue selling when out of stock",
    "variant price": "price",
    "variant compare at price": "compare-at price",
    "variant requires shipping": "requires shipping",
    "variant taxable": "charge tax",
    "variant image": "variant image url",
    "image src": "product image url",
}
OLDER = {newer: older for older, newer in NEWER.items()}
METAFIELD = re.compile(r"\(product\.metafields\.([\w-]+)\.([\w-]+)\)")
LONGEST_CELL = 16 * 2**20
"""A description may be long; the csv module stops at 128 KB unless told."""
_YES, _NO = {"true", "yes", "1", "continue"}, {"false", "no", "0", "deny", ""}


class CatalogError(Exception):
    """The catalogue cannot be read; the message says where and why."""


@dataclass(frozen=True)
class Row:
    """One line of the table, numbered as a spreadsheet numbers it."""

    file: str
    number: int
    cells: dict[str, str]
    headings: dict[str, str]
    """The columns as the file itself calls them."""

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def whole(self, column: str) -> int:
        value = self.text(column)
        try:
            return int(Decimal(value)) if value else 0
        except InvalidOperation:
            raise self.wrong(column, "a whole number") from None

    def price(self, column: str) -> str | None:
        value = self.text(column)
        if not value:
            return None
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise self.wrong(column, "a price such as 19.90")
        return f"{Decimal(value):.2f}"

    def flag(self, column: str, *, default: bool) -> bool:
        value = self.cells.get(column)
        if value is None or (value == "" and default):
            return default
        if value.lower() not in _YES | _NO:
            raise self.wrong(column, "true or false")
        return value.lower() in _YES

    def unquoted(self, column: str) -> str | None:
        """A text that an export may have led by an apostrophe, lest a spreadsheet take it for a number."""
        return self.text(column).removeprefix("'") or None

    def wrong(self, column: str, wanted: str) -> CatalogError:
        heading = self.headings.get(column, column)
        return CatalogError(f"{self.file}, row {self.number}, column {heading}: {self.text(column)!r} is not {wanted}")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a product export, their columns under the older names in lower case."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(path.name, csv.reader(file, strict=True))
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path.name}: byte {error.start} is not UTF-8 text; export the products again") from None


def _rows(file: str, lines: Iterator[list[str]]) -> Iterator[Row]:
    number = 1
    try:
        heading = next(lines, None)
        if not heading:
            raise CatalogError(f"{file}: empty, it has not even a heading")
        columns = _columns(file, heading)
        headings = dict(zip(columns, heading, strict=True))
        for number, line in enumerate(lines, 2):
            if len(line) > len(heading):
                where = f"row {number}, column {len(heading) + 1}"
                raise CatalogError(f"{file}, {where}: {line[len(heading)]!r} stands under no heading")
            if any(line):
                yield Row(file, number, {key: cell.strip() for key, cell in zip(columns, line, strict=False)}, headings)
    except csv.Error as error:
        row = number + 1
        raise CatalogError(f"{file}, row {row}: not a table of comma-separated values ({error})") from None


def _columns(file: str, heading: list[str]) -> list[str]:
    """What the columns are called here, each once."""
    names = [name.strip().lower() for name in heading]
    columns = [OLDER.get(name, name) for name in names]
    for needed in ("handle", "title", "variant price"):
        if needed not in columns:
            known = " or ".join(filter(None, (needed, NEWER.get(needed))))
            raise CatalogError(f"{file}, row 1: no column {known}; is this a product export?")
    twice = next((at for at, column in enumerate(columns) if column and column in columns[:at]), None)
    if twice is not None:
        raise CatalogError(f"{file}, row 1, column {twice + 1}: {heading[twice]!r} is there twice")
    return columns
