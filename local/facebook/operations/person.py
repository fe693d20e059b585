"""A person: name, the list of Pages, permissions."""

from local.facebook.access import check_self
from local.facebook.call import Ask
from local.facebook.errors import missing_permission, no_such_field
from local.facebook.field_syntax import Field, parse
from local.facebook.grants import PERMISSIONS, Grant
from local.facebook.operations import accounts
from local.facebook.people import Person

OWN = ("id", "name", "first_name", "last_name", "email")
DEFAULT = (Field("name"), Field("id"))


def read(ask: Ask, person: str) -> object:
    check_self(ask, person)
    asked = ask.call.params.get("fields", "")
    wanted = parse(asked) if asked else DEFAULT
    found = {one.name: _value(ask, ask.world.people[person], one) for one in wanted}
    return {name: value for name, value in found.items() if value is not None} | {"id": person}


def permissions(ask: Ask, person: str) -> object:
    check_self(ask, person)
    return _permissions(ask.caller.grant)


def take_back(ask: Ask, person: str) -> object:
    """`DELETE /me/permissions`: all of them, which removes the app; or `/permissions/NAME`: one."""
    check_self(ask, person)
    if len(ask.call.path) < 3 and not ask.call.params.get("permission"):
        ask.world.remove_app(person)
        return {"success": True}
    name = ask.call.path[2] if len(ask.call.path) > 2 else ask.call.params["permission"]
    if name not in PERMISSIONS:
        raise no_such_field(name, "Permission")
    with ask.world.lock:
        ask.caller.grant.decline(name)
    return {"success": True}


def _value(ask: Ask, person: Person, asked: Field) -> object:
    if asked.name == "accounts":
        if not ask.caller.grant.allows("pages_show_list"):
            raise missing_permission("pages_show_list")
        return accounts.answered(ask, person.id, asked.inner or accounts.DEFAULT, asked.arguments)
    if asked.name == "permissions":
        return _permissions(ask.caller.grant)
    if asked.name not in OWN:
        raise no_such_field(asked.name, "User")
    hidden = asked.name == "email" and not ask.caller.grant.allows("email")
    return None if hidden else getattr(person, asked.name)


def _permissions(grant: Grant) -> dict[str, object]:
    granted = [{"permission": name, "status": "granted"} for name in grant.granted]
    return {"data": granted + [{"permission": name, "status": "declined"} for name in grant.declined]}
