"""Permissions, and what one person has allowed the app."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

# Permission -> what it is to the person who is asked, and which other permissions it needs.
PERMISSIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "public_profile": ("Your name and profile picture", ()),
    "email": ("Your email address", ()),
    "pages_show_list": ("Show a list of the Pages you manage", ()),
    "pages_read_engagement": ("Read content posted on the Page, and the Page's information", ("pages_show_list",)),
    "pages_manage_metadata": ("Manage the Page's settings, and be told of its changes", ("pages_show_list",)),
    "pages_messaging": (
        "Manage and access the Page's conversations in Messenger",
        ("pages_manage_metadata", "pages_show_list"),
    ),
    "pages_read_user_content": ("Read what people write on the Page", ("pages_show_list",)),
    "pages_manage_posts": ("Create and manage content on the Page", ("pages_read_engagement", "pages_show_list")),
    "pages_manage_engagement": (
        "Create and manage comments on the Page",
        ("pages_read_user_content", "pages_show_list"),
    ),
    "read_insights": ("Read the Page's statistics", ("pages_read_engagement", "pages_show_list")),
    "business_management": ("Manage your business portfolio", ("pages_read_engagement", "pages_show_list")),
}
ALWAYS = "public_profile"
NOT_GRANULAR = frozenset({"public_profile", "email"})


def split_scope(scope: str) -> list[str]:
    """The permissions of a comma- or space-separated list, each once; `public_profile` belongs to every login."""
    return list(dict.fromkeys([ALWAYS, *scope.replace(",", " ").split()]))


def refused_with(declined: Collection[str], asked: Sequence[str]) -> set[str]:
    """All that is not granted when these are declined: whatever needs one of them goes with it."""
    refused = set(declined)
    while more := {name for name in asked if refused & set(PERMISSIONS[name][1])} - refused:
        refused |= more
    return refused


@dataclass
class Grant:
    """What one person has allowed the app; nothing yet, or no more, if not `connected`."""

    granted: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    pages: list[str] | None = field(default_factory=list)
    """The Pages that were picked; None for all, those to come included."""
    connected: bool = False
    checkpoint: bool = False
    """Facebook wants to see the person before it lets anybody act for them; what was granted stays."""

    def covers(self, page: str) -> bool:
        return self.connected and (self.pages is None or page in self.pages)

    def allows(self, permission: str) -> bool:
        return self.connected and permission in self.granted

    def to_ask(self, wanted: Sequence[str], *, again: bool) -> list[str]:
        """What the dialog shows: not what was declined before, unless the app asks again."""
        return [name for name in wanted if again or name not in self.declined]

    def consent(self, asked: Sequence[str], ticked: Collection[str], pages: list[str] | None) -> None:
        """The person pressed Continue. The Pages replace those of an earlier login."""
        left_out = {name for name in asked if name not in ticked and name != ALWAYS}
        refused = refused_with(left_out | (set(self.declined) - set(ticked)), asked)
        given = [name for name in asked if name not in refused]
        self.granted = [name for name in PERMISSIONS if name in {*self.granted, *given} - refused]
        self.declined = [name for name in PERMISSIONS if name in {*self.declined, *refused} - set(given)]
        self.pages, self.connected = pages, True

    def decline(self, permission: str) -> None:
        """Taken back by `DELETE /me/permissions/NAME`, with all that needs it."""
        lost = refused_with({permission}, self.granted)
        self.declined = [name for name in PERMISSIONS if name in {*self.declined, *(lost & set(self.granted))}]
        self.granted = [name for name in self.granted if name not in lost]

    def remove(self) -> None:
        """The person removed the app. What they declined is forgotten as well."""
        self.granted, self.declined, self.pages, self.connected = [], [], [], False

    def granular(self) -> list[dict[str, object]]:
        """`granular_scopes` of debug_token: without `target_ids` where all Pages were granted."""
        targets = {} if self.pages is None else {"target_ids": self.pages}
        return [{"scope": name, **targets} for name in self.granted if name not in NOT_GRANULAR]
