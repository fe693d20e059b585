"""The people who logged in: which Pages each of them brought, by the id under which Facebook asks for their deletion.

`.stockroom/people/facebook/<user>.json` holds the ids of Pages and no more; the person's own token is in the vault.
"""

import json
import uuid
from collections.abc import Sequence

from stockroom.errors import Conflict
from stockroom.facebook.pages import source as page_source
from stockroom.space import Space
from stockroom.vault import Unreadable, Vault

_ATTEMPTS = 5


def source(user: str) -> str:
    """The name under which a person's token is sealed; Pages have plain numbers, so the two cannot meet."""
    return f"facebook/user-{user}"


def key(user: str) -> str:
    """Where the list of a person's Pages lies."""
    return f".stockroom/people/facebook/{user}.json"


def pages(space: Space, user: str) -> list[str]:
    """The Pages that the person brought at the last login."""
    found = space.read(key(user))
    return list(json.loads(found.body)["pages"]) if found else []


def keep(space: Space, user: str, fresh: Sequence[str]) -> list[str]:
    """Note the Pages of a login; gives those of the login before that are not among them."""
    for _ in range(_ATTEMPTS):
        found = space.read(key(user))
        known = json.loads(found.body)["pages"] if found else []
        body = json.dumps({"pages": list(fresh), "recordId": uuid.uuid4().hex}).encode()
        try:
            if found:
                space.swap(key(user), body, found.etag)
            else:
                space.create(key(user), body)
        except Conflict:
            continue
        return [page for page in known if page not in fresh]
    raise Conflict(f"{key(user)} is being written by others all the time; try again later.")


def depends(vault: Vault, page: str, user: str) -> bool:
    """Whether the Page has no token but the person's: somebody else who manages it may have logged in since."""
    try:
        stored = vault.read(page_source(page))
    except Unreadable:
        return True
    return stored is None or bool(json.loads(stored[0])["user"] == user)


def forget(space: Space, user: str) -> None:
    """Take the person's list away."""
    space.delete(key(user))
