"""The login dialog as pages: first who you are, then what you allow."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, g, render_template, request

from local.facebook import dialog
from local.facebook.grants import ALWAYS, PERMISSIONS
from local.facebook.world import World

PERSON = "sandbox_person"
"""The one parameter of the sandbox's own: who says to be at the keyboard."""


def dialogs(world: World) -> Blueprint:
    """All addresses under /www."""
    blueprint = Blueprint("dialogs", __name__, url_prefix="/www")

    @blueprint.route("/<version>/dialog/oauth", methods=["GET", "POST"])
    def oauth(version: str) -> Response:
        g.record = {"operation": "dialog", "fault": None}
        try:
            asked = dialog.read(request.args, version, world.settings, world.clock.real())
        except dialog.CannotAsk as error:
            return Response(render_template("trouble.html", title=error.title, message=error.said), 400)
        fault = world.faults.take("dialog") if request.method == "GET" and PERSON not in request.args else None
        if fault:
            g.record["fault"] = fault.kind
            return _to(dialog.denied(asked, fault.kind))
        return _decided(world, asked) if request.method == "POST" else _shown(world, asked)

    return blueprint


def _decided(world: World, asked: dialog.Request) -> Response:
    if request.form.get("decision") != "continue":
        return _to(dialog.denied(asked))
    person = request.form.get("person", "")
    if person not in world.people:
        return _shown(world, asked)
    pages = None if request.form.get("choice") == "all" else request.form.getlist("page")
    return _to(dialog.approved(world, asked, person, request.form.getlist("permission"), pages))


def _shown(world: World, asked: dialog.Request) -> Response:
    person = world.people.get(request.args.get(PERSON, ""))
    if person is None:
        others = [(name, value) for name, value in request.args.items() if name != PERSON]
        people = [(one, world.grant(one.id).connected) for one in world.people.values()]
        page = render_template("who.html", settings=world.settings, people=people, others=others, person_field=PERSON)
        return Response(page)
    grant = world.grant(person.id)
    pages = [(page, not grant.connected or grant.covers(page.id)) for page in dialog.offered_pages(world, person.id)]
    return Response(
        render_template(
            "consent.html",
            settings=world.settings,
            person=person,
            pages=pages,
            grant=grant,
            asked=asked,
            permissions=_permissions(dialog.to_show(world, asked, person.id)),
            declined=[name for name in asked.wanted if name in grant.declined],
            switch="?" + urlencode([(name, value) for name, value in request.args.items() if name != PERSON]),
        )
    )


def _permissions(shown: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Name, words, and whether it may be declined."""
    return [(name, PERMISSIONS[name][0], name != ALWAYS) for name in shown]


def _to(address: str) -> Response:
    return Response(status=302, headers={"Location": address})
