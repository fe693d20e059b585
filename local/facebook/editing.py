"""What a person may edit on a Page's little admin page, and how the form's text becomes field values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.facebook import hours
from local.facebook.people import Page

PLACE = ("street", "zip", "city", "country")


@dataclass(frozen=True)
class Input:
    """One field of the form. Its label is what Facebook calls it, which is not always what the API does."""

    name: str
    label: str
    kind: str = "line"
    hint: str = ""


INPUTS = (
    Input("name", "Name"),
    Input("username", "Username"),
    Input("about", "Description", "text", "about in the API; no webhook tells of it"),
    Input("description", "Additional information", "text", "description in the API"),
    Input("category", "Category"),
    Input("phone", "Phone"),
    Input("emails", "Email addresses", "line", "separated by commas"),
    Input("website", "Website"),
    Input("single_line_address", "Address in one line"),
    *(Input(f"location.{part}", part.capitalize()) for part in PLACE),
    Input("hours", "Opening hours", "text", "one line for each day: mon 08:00-12:00 13:00-18:00"),
    Input("price_range", "Price range"),
    Input("company_overview", "Company overview", "text"),
    Input("general_info", "General information", "text"),
    Input("mission", "Mission"),
    Input("products", "Products"),
    Input("founded", "Founded"),
    Input("is_published", "Published", "tick"),
    Input("is_permanently_closed", "Permanently closed", "tick"),
)


def shown(page: Page) -> dict[str, Any]:
    """The form's content."""
    return {one.name: _shown(page.fields, one) for one in INPUTS}


def read(page: Page, form: Mapping[str, str]) -> dict[str, Any]:
    """The fields as the form has them; raises a ValueError with a sentence for whoever filled it in."""
    if not form.get("name", "").strip():
        raise ValueError("A Page needs a name.")
    lines = {one.name: form.get(one.name, "").replace("\r\n", "\n").strip() for one in INPUTS}
    place = {part: lines.pop(f"location.{part}") for part in PLACE}
    there = {**page.fields.get("location", {}), **place}
    read: dict[str, Any] = {
        **lines,
        "emails": [one for one in map(str.strip, lines["emails"].split(",")) if one],
        "hours": hours.from_text(lines["hours"]),
        "location": {name: value for name, value in there.items() if value not in ("", None)},
    }
    return read | {one.name: one.name in form for one in INPUTS if one.kind == "tick"}


def next_image(page: Page, kind: str) -> dict[str, int]:
    """Another picture or cover."""
    return {kind: int(page.fields.get(kind) or 0) + 1}


def _shown(fields: Mapping[str, Any], one: Input) -> object:
    outer, _, inner = one.name.partition(".")
    value = fields.get(outer)
    if inner:
        return (value or {}).get(inner, "")
    if one.name == "hours":
        return hours.as_text(value or {})
    if isinstance(value, list):
        return ", ".join(value)
    return value if value is not None else ""
