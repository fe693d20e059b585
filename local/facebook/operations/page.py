"""A Page node, and its picture."""

from collections.abc import Sequence

from local.facebook import node
from local.facebook.call import Answer, Ask
from local.facebook.errors import GraphError, bad_session, no_public_access
from local.facebook.field_syntax import Field, parse
from local.facebook.page_fields import BASIC

DEFAULT = (Field("name"), Field("id"))


def read(ask: Ask, page: str) -> object:
    asked = ask.call.params.get("fields", "")
    wanted = parse(asked) if asked else DEFAULT
    node.check_fields(ask, wanted, with_tasks=ask.caller.kind == "USER")
    check_access(ask, page, wanted)
    return node.values(ask, ask.world.pages[page], wanted)


def picture(ask: Ask, page: str) -> object:
    """The image itself, unless `redirect=0` asks where it is."""
    check_access(ask, page, (Field("picture"),))
    names = ("type", "width", "height")
    arguments = {name: ask.call.params[name] for name in names if name in ask.call.params}
    fields = ask.call.params.get("fields", "")
    found = node.picture(ask, ask.world.pages[page], Field("picture", arguments, parse(fields) if fields else None))
    if ask.call.params.get("redirect", "1").lower() in {"0", "false"}:
        return found
    whole = node.picture(ask, ask.world.pages[page], Field("picture", arguments, (Field("url"),)))
    return Answer(302, headers={"Location": str(whole["data"]["url"])})  # type: ignore[index]


def check_access(ask: Ask, page: str, wanted: Sequence[Field]) -> None:
    """What a token may read of a Page, by whose token it is and what was granted."""
    caller, grant = ask.caller, ask.caller.grant
    beyond = any(one.name not in BASIC for one in wanted)
    if not is_given(ask, page) or not grant.allows("pages_show_list"):
        raise no_public_access()
    if not beyond:
        return
    if caller.kind == "USER" and ask.world.pages[page].is_new_experience:
        raise bad_session(2069032, ask.world.settings.app_id)
    if not grant.allows("pages_read_engagement"):
        raise no_public_access()
    if not ask.world.people[caller.person].may(page, "MODERATE"):
        raise GraphError(200, "(#200) The user must be able to moderate the Page to read this data")


def is_given(ask: Ask, page: str) -> bool:
    """Whether the token's person picked this Page, and has a role on it."""
    caller = ask.caller
    mine = caller.kind == "USER" or caller.page == page
    return mine and caller.grant.covers(page) and ask.world.has_role(caller.person, page)
