"""The Pages of a login, and their metadata.

One retired or forbidden name fails a whole request, so fields are asked for by an allow-list of our own, and what
Facebook refuses is left out from then on. Source: Pages API reference, v26.0.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stockroom.errors import StockroomError
from stockroom.facebook.graph import Call, Graph
from stockroom.facebook.oauth import Grant
from stockroom.facebook.reply import PermissionMissing, Refused

Fields = tuple[str, ...]

_MINIMUM: Fields = ("id", "name", "category", "link")
_CORE: Fields = (
    *_MINIMUM,
    "username",
    "about",
    "description",
    "category_list{id,name}",
    "phone",
    "emails",
    "website",
    "single_line_address",
    "location",
    "hours",
    "is_always_open",
    "is_published",
    "is_permanently_closed",
    "temporary_status",
    "verification_status",
    "fan_count",
    "followers_count",
    "has_transitioned_to_new_page_experience",
    "cover{id,source}",
    "picture{url,is_silhouette,cache_key}",
)
_ALL: Fields = (
    *_CORE,
    "company_overview",
    "general_info",
    "mission",
    "products",
    "founded",
    "impressum",
    "price_range",
    "payment_options",
    "restaurant_services",
    "food_styles",
    "whatsapp_number",
    "has_whatsapp_number",
    "overall_star_rating",
    "rating_count",
)
LADDER: tuple[Fields, ...] = (_ALL, _CORE, _MINIMUM)
"""From everything to the least that makes a Page; a missing permission costs one step."""

_WORD = re.compile(r"\w+")
_LISTED = "id,name,category,access_token,tasks"
_EXPIRING = (("cover", "source"), ("picture", "url"))
"""Signed addresses, new at every reading; `cover.id` and `picture.cache_key` tell whether the image changed."""


@dataclass(frozen=True, slots=True)
class Page:
    """A Page that a login reaches, with its own token."""

    id: str
    name: str
    category: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A Page's metadata, or why it could not be read."""

    page: Page
    outcome: dict[str, Any] | StockroomError


def source(page: str) -> str:
    """The Page's name among all sources, under which its private state lies."""
    return f"facebook/{page}"


def folder(page: str) -> str:
    """Where the bot finds what concerns the Page."""
    return f"facebook/{page}"


def snapshot_key(page: str) -> str:
    """The object that the bot reads."""
    return f"{folder(page)}/page_data.json"


def reachable(graph: Graph, grant: Grant) -> tuple[list[Page], dict[str, StockroomError]]:
    """Every Page of a login, and why some that were picked cannot be had.

    The list leaves out, without a word, Pages that belong to a business portfolio; those that were picked are asked for
    one by one.
    """
    found: dict[str, Any] = {}
    for entry in graph.entries("me/accounts", grant.token, fields=_LISTED):
        found[str(entry["id"])] = entry
    unlisted = [page for page in grant.pages or () if page not in found]
    answers = graph.batch([Call(page, grant.token, parameters={"fields": _LISTED}) for page in unlisted])
    found.update(zip(unlisted, answers, strict=True))
    pages = [_page(entry) for entry in found.values() if not isinstance(entry, StockroomError) and _has_token(entry)]
    lost = {
        page: entry if isinstance(entry, StockroomError) else _NO_ROLE
        for page, entry in found.items()
        if isinstance(entry, StockroomError) or not _has_token(entry)
    }
    return pages, lost


def read(graph: Graph, pages: Sequence[Page]) -> list[Reading]:
    """Each Page's metadata, read with its own token, in batches; where that is refused, less is asked for."""
    outcomes: dict[str, dict[str, Any] | StockroomError] = {}
    asked = {page.id: LADDER[0] for page in pages}
    waiting = list(pages)
    while waiting:
        answers = graph.batch([_call(page, asked[page.id]) for page in waiting])
        again = []
        for page, answer in zip(waiting, answers, strict=True):
            less = fewer(asked[page.id], answer) if isinstance(answer, StockroomError) else None
            if less:
                asked[page.id] = less
                again.append(page)
            else:
                good = not isinstance(answer, StockroomError)
                outcomes[page.id] = normalised(answer, asked[page.id]) if good else answer
        waiting = again
    return [Reading(page, outcomes[page.id]) for page in pages]


def fewer(fields: Fields, error: StockroomError) -> Fields | None:
    """What to ask for after a refusal, or None where asking for less does not help."""
    refused = _naming(fields, error.field) if isinstance(error, Refused) and error.field else ()
    if refused:
        return tuple(name for name in fields if name not in refused)
    if isinstance(error, Refused | PermissionMissing):
        return next((step for step in LADDER if len(step) < len(fields)), None)
    return None


def normalised(answer: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Every field that was asked for, null where Facebook leaves it out: "cleared" differs from "not asked"."""
    page = {_bare(name): answer.get(_bare(name)) for name in fields}
    picture = page.get("picture")
    if isinstance(picture, dict):
        page["picture"] = picture.get("data", picture)
    return page


def doubt(metadata: Mapping[str, Any]) -> str | None:
    """Why a Page's metadata may not be complete, or None: what Facebook refused was left out."""
    refused = [_bare(name) for name in LADDER[0] if _bare(name) not in metadata]
    return f"Facebook refused to give {', '.join(refused)}." if refused else None


def content(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What decides whether a Page changed: all but the addresses that expire."""
    kept = dict(metadata)
    for name, inner in _EXPIRING:
        if isinstance(kept.get(name), dict):
            kept[name] = {key: value for key, value in kept[name].items() if key != inner}
    return kept


_NO_ROLE = PermissionMissing("The person has no role on this Page that lets an app act for it: ask the Page's admin.")


def _call(page: Page, fields: Fields) -> Call:
    return Call(page.id, page.token, parameters={"fields": ",".join(fields)})


def _page(entry: Mapping[str, Any]) -> Page:
    return Page(str(entry["id"]), str(entry.get("name", "")), str(entry.get("category", "")), entry["access_token"])


def _has_token(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("access_token"))


def _naming(fields: Fields, name: str) -> Fields:
    """The field of that name, or those that hold one of it."""
    itself = tuple(field for field in fields if _bare(field) == name)
    return itself or tuple(field for field in fields if name in _WORD.findall(field))


def _bare(name: str) -> str:
    return name.partition("{")[0]
