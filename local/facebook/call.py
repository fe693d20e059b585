"""One call of the Graph API, and its answer; the same whether it came alone or in a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from local.facebook.faults import Fault
from local.facebook.grants import Grant
from local.facebook.tokens import Token
from local.facebook.usage import Meter
from local.facebook.world import World


@dataclass(frozen=True)
class Call:
    method: str
    path: tuple[str, ...]
    """Without the version."""
    params: Mapping[str, str]
    """Query and form together, without the token."""
    token: str
    address: str
    """The sandbox's own, without a slash at its end."""
    version: str | None = None
    """As asked for; None if the path names none."""

    @property
    def place(self) -> str:
        return "/".join(self.path)


@dataclass(frozen=True)
class Caller:
    """On whose behalf the app calls."""

    kind: Literal["APP", "USER", "PAGE"]
    token: Token | None = None
    grant: Grant = field(default_factory=Grant)

    @property
    def person(self) -> str:
        return self.token.person if self.token else ""

    @property
    def page(self) -> str | None:
        return self.token.page if self.token else None


@dataclass(frozen=True)
class Ask:
    """A call whose sender is known."""

    world: World
    call: Call
    caller: Caller
    version: str


@dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    meters: list[Meter] = field(default_factory=list)
    fault: Fault | None = None
    """What is yet to be done to this answer on its way."""
