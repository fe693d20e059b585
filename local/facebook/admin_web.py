"""The sandbox's own pages: who there is, what they allowed, and their Pages to edit."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, render_template, request

from local.facebook import editing, leaving, media
from local.facebook.page_fields import webhook_field
from local.facebook.people import Page, Person
from local.facebook.world import World


def pages(world: World) -> Blueprint:
    """The start page, one page for each person and each Page, and the images."""
    blueprint = Blueprint("pages", __name__)
    _add_start(blueprint, world)
    _add_people(blueprint, world)
    _add_pages(blueprint, world)

    @blueprint.get("/cdn/<any(picture, cover):kind>/<page>/<key>.svg")
    def image(kind: str, page: str, key: str) -> Response:
        place, query = f"{kind}/{page}/{key}.svg", request.query_string.decode()
        if page not in world.pages or not media.is_good(world.settings.app_secret, place, query, world.clock()):
            return Response("URL signature expired", 403, content_type="text/plain")
        return Response(media.drawing(world.pages[page], kind), content_type="image/svg+xml")

    return blueprint


def _add_start(blueprint: Blueprint, world: World) -> None:
    @blueprint.get("/")
    def start() -> str:
        deliveries = list(reversed(world.courier.known()))[:20]
        return render_template(
            "start.html",
            settings=world.settings,
            people=[(person, world.grant(person.id)) for person in world.people.values()],
            subscription=world.kept.subscriptions.get("page"),
            deliveries=deliveries,
            waiting=any(one.state == "waiting" for one in deliveries),
        )

    @blueprint.post("/deliver")
    def deliver() -> Response:
        world.courier.send_due(all_waiting=True)
        return _to("/#webhooks")

    @blueprint.post("/test-event")
    def test_event() -> Response:
        world.announce_test("name")
        return _to("/#webhooks")


def _add_people(blueprint: Blueprint, world: World) -> None:
    def shown(person: Person, told: leaving.Told | None = None, title: str = "") -> str:
        lost = world.kept.lost_roles.get(person.id, [])
        roles = [(world.pages[page], tasks, page not in lost) for page, tasks in person.roles.items()]
        grant = world.grant(person.id)
        return render_template("person.html", person=person, grant=grant, roles=roles, told=told, title=title)

    @blueprint.get("/people/<person>")
    def see_person(person: str) -> str:
        return shown(_person(world, person))

    @blueprint.post("/people/<person>/<any(remove, delete):act>")
    def leave(person: str, act: str) -> str:
        who = _person(world, person)
        if act == "remove":
            return shown(who, leaving.remove_app(world, who.id), "The app was removed")
        return shown(who, leaving.ask_for_deletion(world, who.id), "The deletion was asked for")

    @blueprint.post("/people/<person>/<any(password, checkpoint, touch):act>")
    def change(person: str, act: str) -> Response:
        who = _person(world, person)
        CHANGES[act](world, who)
        return _to(f"/people/{who.id}")

    @blueprint.post("/people/<person>/roles/<page>")
    def role(person: str, page: str) -> Response:
        who = _person(world, person)
        if page not in who.roles:
            abort(404)
        world.set_role(who.id, page, held=not world.has_role(who.id, page))
        return _to(f"/people/{who.id}")


def _add_pages(blueprint: Blueprint, world: World) -> None:
    def shown(page: Page, trouble: str = "", said: str = "") -> str:
        key = media.cache_key(page)
        link = media.link("", world.settings.app_secret, f"picture/{page.id}/{key}.svg", world.clock())
        return render_template(
            "page.html",
            page=page,
            inputs=editing.INPUTS,
            values={**editing.shown(page), **(request.form if trouble else {})},
            picture=link,
            subscribed=world.kept.page_subscriptions.get(page.id),
            trouble=trouble,
            said=said,
        )

    @blueprint.get("/pages/<page>")
    def see_page(page: str) -> str:
        return shown(_page(world, page))

    @blueprint.post("/pages/<page>")
    def edit(page: str) -> str | tuple[str, int]:
        known = _page(world, page)
        try:
            changes = editing.read(known, request.form)
        except ValueError as error:
            return shown(known, trouble=str(error)), 400
        return shown(known, said=_in_words(world.edit({known.id: changes})[known.id]))

    @blueprint.post("/pages/<page>/<any(picture, cover):kind>")
    def another_image(page: str, kind: str) -> str:
        known = _page(world, page)
        return shown(known, said=_in_words(world.edit({known.id: editing.next_image(known, kind)})[known.id]))


def touch(world: World, person: Person) -> None:
    """Every Page of this person changes at once: one webhook for all of them."""
    stamp = f"+49 30 {int(world.clock() * 1000) % 10**9}"
    world.edit({page: {"phone": f"{stamp} {number}"} for number, page in enumerate(person.roles)})


def change_password(world: World, person: Person) -> None:
    world.kept.book.kill(person.id, 460)


def toggle_checkpoint(world: World, person: Person) -> None:
    grant = world.grant(person.id)
    grant.checkpoint = not grant.checkpoint


CHANGES: dict[str, Callable[[World, Person], None]] = {
    "password": change_password,
    "checkpoint": toggle_checkpoint,
    "touch": touch,
}


def _in_words(changed: list[str]) -> str:
    if not changed:
        return "Nothing was changed."
    heard = sorted({name for name in map(webhook_field, changed) if name})
    told = f"A webhook can tell of: {', '.join(heard)}." if heard else "No webhook tells of it."
    return f"Saved: {', '.join(changed)}. {told}"


def _person(world: World, person: str) -> Person:
    return world.people.get(person) or abort(404)


def _page(world: World, page: str) -> Page:
    return world.pages.get(page) or abort(404)


def _to(address: str) -> Response:
    return Response(status=303, headers={"Location": address})
