"""Who may log in here, and the Pages there are: `data/people.yaml`, and an agency's many Pages made by rule."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

DATA = Path(__file__).parent / "data" / "people.yaml"
TOWNS = ("Aachen", "Bielefeld", "Chemnitz", "Düsseldorf", "Erfurt", "Fürth", "Görlitz", "Halle", "Ilmenau", "Jena")
TRADES = (
    ("Bäckerei", "Bakery"),
    ("Buchhandlung", "Bookstore"),
    ("Café", "Coffee shop"),
    ("Gärtnerei", "Garden center"),
)


@dataclass
class Portfolio:
    """A business portfolio (business manager) that owns Pages."""

    id: str
    name: str


@dataclass
class Page:
    """A Page as it is now; `fields` are named as the Graph API names them, and those without value are not there."""

    id: str
    fields: dict[str, Any]
    note: str = ""
    portfolio: Portfolio | None = None

    @property
    def name(self) -> str:
        return str(self.fields["name"])

    @property
    def is_new_experience(self) -> bool:
        return bool(self.fields.get("has_transitioned_to_new_page_experience"))


@dataclass
class Person:
    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    about: str
    declined: list[str] = field(default_factory=list)
    """Permissions declined before the sandbox was first started."""
    roles: dict[str, list[str]] = field(default_factory=dict)
    """Page -> what this person may do there; nothing at all for a live contributor."""

    def may(self, page: str, *tasks: str) -> bool:
        """Whether one of these tasks is among this person's, in the classic or in the new way of naming."""
        held = set(self.roles.get(page, ()))
        return "PROFILE_PLUS_FULL_CONTROL" in held or any({task, f"PROFILE_PLUS_{task}"} & held for task in tasks)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Person(_Strict):
    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    about: str
    declined: list[str] = []
    roles: dict[str, str] = {}
    generated: int = 0


class _Page(_Strict):
    id: str
    fields: dict[str, Any]
    note: str = ""
    portfolio: dict[str, str] | None = None


class _File(_Strict):
    people: list[_Person]
    pages: list[_Page]
    tasks: dict[str, list[str]]


def everyone() -> tuple[dict[str, Person], dict[str, Page]]:
    """All people and all Pages, by id."""
    file = _File.model_validate(_read())
    pages = {page.id: _page(page) for page in file.pages}
    people = {}
    for entry in file.people:
        own = [_generated(number) for number in range(1, entry.generated + 1)]
        pages |= {page.id: page for page in own}
        roles = {page: file.tasks[role] for page, role in entry.roles.items()}
        roles |= {page.id: file.tasks["full_control" if page.is_new_experience else "classic"] for page in own}
        told = entry.model_dump(exclude={"roles", "generated"})
        people[entry.id] = Person(**told, roles=roles)
    return people, pages


@cache
def _read() -> Any:
    return yaml.safe_load(DATA.read_text(encoding="utf-8"))


def _page(entry: _Page) -> Page:
    return Page(entry.id, dict(entry.fields), entry.note, Portfolio(**entry.portfolio) if entry.portfolio else None)


def _generated(number: int) -> Page:
    """One of the agency's Pages; every third is a New Page."""
    trade, category = TRADES[number % len(TRADES)]
    town = TOWNS[number % len(TOWNS)]
    name = f"{trade} {town} {number:03}"
    return Page(
        f"1048200000{number:05}",
        {
            "name": name,
            "picture": 1,
            "cover": 1,
            "username": f"vogel.{number:03}",
            "about": f"{trade} in {town}.",
            "description": f"Filiale {number}: täglich geöffnet.",
            "category": category,
            "category_list": [{"id": str(190000000000000 + number % len(TRADES)), "name": category}],
            "phone": f"+49 30 {100000 + number}",
            "emails": [f"filiale{number}@vogel.example"],
            "website": f"https://vogel.example/filialen/{number}",
            "location": {
                "city": town,
                "country": "Germany",
                "street": f"Hauptstraße {number}",
                "zip": f"{10000 + number}",
            },
            "hours": {"mon_1_open": "07:00", "mon_1_close": "18:30"},
            "is_published": True,
            "fan_count": 100 + 7 * number,
            "followers_count": 100 + 7 * number,
            "has_transitioned_to_new_page_experience": number % 3 == 0,
        },
    )
