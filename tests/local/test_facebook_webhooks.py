"""Webhooks of the sandbox Facebook and their delivery, and a person who leaves."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.facebook import editing
from local.facebook.server import serving
from local.facebook.signing import webhook_body, webhook_headers
from tests.local.facebook_client import (
    ASTRID,
    BENEDIKT,
    CAFE,
    CLEARED,
    EVENT_FIELDS,
    FARID,
    HOUR,
    SECRET,
    WHOLE,
    Facebook,
    Receiver,
    receiving,
    subscribe_app,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def subscribed(receiver: Receiver, page: str = CAFE, include_values: str = "true", **settings: Any) -> Facebook:
    """A sandbox in which the app hears of one Page."""
    facebook = Facebook(**settings)
    subscribe_app(facebook, receiver, include_values=include_values)
    facebook.ok("POST", f"{page}/subscribed_apps", facebook.page_token(page), subscribed_fields=EVENT_FIELDS)
    return facebook


class TestEvents:
    def test_an_edit_is_told_signed_over_its_very_bytes(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        facebook.control(f"pages/{CAFE}", name="Café Åäö ❤", phone="+46 1/2", about="unheard")
        facebook.control("deliver")
        (body,), (headers,) = receiver.bodies, receiver.headers
        assert b"Caf\\u00e9 \\u00c5\\u00e4\\u00f6 \\u2764" in body
        assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature"] == "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        assert headers["content-type"] == "application/json"
        changes = [{"field": "name", "value": "Café Åäö ❤"}, {"field": "phone"}]
        assert json.loads(body) == {
            "object": "page",
            "entry": [{"id": CAFE, "time": int(facebook.now), "changes": changes}],
        }

    def test_without_values_only_names_are_told(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver, include_values="false")
        facebook.control(f"pages/{CAFE}", name="New", emails=["a@example.com"])
        facebook.control("deliver")
        assert sorted(receiver.payloads[0]["entry"][0]["changed_fields"]) == ["email", "name"]
        assert "changes" not in receiver.payloads[0]["entry"][0]

    @pytest.mark.parametrize(
        "edit",
        [
            {"about": "x"},
            {"username": "x"},
            {"cover": 2},
            {"is_published": False},
            {"website": "https://not-subscribed.example"},
            {"phone": "+46 8 123 45 67"},
        ],
    )
    def test_some_changes_are_never_told(self, receiver: Receiver, edit: dict[str, Any]) -> None:
        facebook = subscribed(receiver)
        facebook.control(f"pages/{CAFE}", **edit)
        facebook.control("deliver")
        assert receiver.bodies == []

    def test_nothing_is_told_unless_both_levels_are_subscribed(self, receiver: Receiver) -> None:
        facebook = Facebook()
        subscribe_app(facebook, receiver)
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        other = subscribed(receiver)
        other.web.delete("/_sandbox/subscriptions")
        other.control(f"pages/{CAFE}", phone="+46 2")
        third = subscribed(receiver)
        third.web.delete(f"/_sandbox/subscriptions/{CAFE}")
        third.control(f"pages/{CAFE}", phone="+46 2")
        for one in (facebook, other, third):
            one.control("deliver")
        assert receiver.bodies == []

    def test_a_page_that_is_no_longer_picked_is_not_told_of(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        facebook.long_token(pages=[WHOLE])
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        facebook.control("deliver")
        assert receiver.bodies == []

    def test_the_form_on_a_pages_own_page_does_the_same(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        form = {"name": "Café", "hours": "mon 06:00-12:00 13:00-18:00", "location.city": "Solna", "phone": ""}
        said = facebook.web.post(f"/pages/{CAFE}", data=form).text
        assert "Saved:" in said
        facebook.control("deliver")
        names = {one["field"] for one in receiver.payloads[0]["entry"][0]["changes"]}
        assert {"name", "phone", "description", "hours", "location", "email"} == names
        fields = facebook.ok("GET", CAFE, facebook.page_token(CAFE), fields="hours,location,phone,is_published")
        assert fields["hours"] == {
            "mon_1_open": "06:00",
            "mon_1_close": "12:00",
            "mon_2_open": "13:00",
            "mon_2_close": "18:00",
        }
        assert fields["location"]["city"] == "Solna"
        assert "phone" not in fields
        assert fields["is_published"] is False

    @pytest.mark.parametrize("form", [{"name": ""}, {"name": "x", "hours": "monday late"}])
    def test_a_form_filled_in_wrongly_changes_nothing(self, form: dict[str, str]) -> None:
        facebook = Facebook()
        reply = facebook.web.post(f"/pages/{CAFE}", data=form)
        assert reply.status_code == 400
        assert 'role="alert"' in reply.text
        assert facebook.world.kept.edits == {}

    def test_saving_a_form_as_it_is_changes_nothing(self) -> None:
        facebook = Facebook()
        for page in (CAFE, CLEARED, WHOLE):
            shown = editing.shown(facebook.world.pages[page])
            form = {name: value for name, value in shown.items() if not isinstance(value, bool) or value}
            assert "Nothing was changed" in facebook.web.post(f"/pages/{page}", data=form).text

    def test_many_pages_at_once_come_in_one_request(self, receiver: Receiver) -> None:
        facebook = Facebook()
        subscribe_app(facebook, receiver)
        user = facebook.long_token(BENEDIKT)
        for page in facebook.ok("GET", "me/accounts", user, limit="100")["data"]:
            facebook.ok("POST", f"{page['id']}/subscribed_apps", page["access_token"], subscribed_fields="phone")
        facebook.control(f"people/{BENEDIKT}/touch")
        facebook.control("deliver")
        (payload,) = receiver.payloads
        assert len({entry["id"] for entry in payload["entry"]}) == 100

    def test_more_than_a_thousand_changes_take_a_second_request(self, receiver: Receiver) -> None:
        facebook = Facebook()
        fields = ["name", "phone", "description", "website", "mission", "founded", "products", "price_range", "hours"]
        subscribe_app(facebook, receiver, fields=",".join(fields), include_values="true")
        user = facebook.long_token(BENEDIKT)
        pages = [page.id for page in facebook.world.pages_of(BENEDIKT)]
        for page in pages:
            facebook.world.kept.page_subscriptions[page] = fields
        assert facebook.names(user) == pages
        facebook.world.edit(
            {page: {field: {"a": "b"} if field == "hours" else "x" for field in fields} for page in pages}
        )
        facebook.control("deliver")
        sizes = [sum(len(entry["changes"]) for entry in one["entry"]) for one in receiver.payloads]
        assert sizes == [999, 81]

    def test_the_dashboards_test_event_is_of_page_0(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        assert facebook.control("test-event", field="phone") == {"sent": True}
        facebook.control("deliver")
        assert receiver.payloads[0]["entry"][0]["id"] == "0"
        assert Facebook().control("test-event") == {"sent": False}

    @pytest.mark.parametrize(
        ("payload", "body", "signature"),
        [
            (
                {
                    "object": "page",
                    "entry": [{"id": "1", "time": 1, "changes": [{"field": "description", "value": "äöå ❤"}]}],
                },
                None,
                "19ed31076c1bd4786f1dd37d14b657280d42260e98260821aa99548f11e42f65",
            ),
            (
                {"object": "page", "entry": [{"id": "1", "time": 1, "changed_fields": ["description", "phone"]}]},
                None,
                "3d685ff49ff1ea0f403f3b61429d602f0b3d706de6a3fef2ff0a61e1f2251c4d",
            ),
            (
                {"link": "https://example.com/a"},
                b'{"link":"https:\\/\\/example.com\\/a"}',
                "746812792f53efe11da8d01d6a160fe3d4b9e16b94ae202e0bd13895fd61ff3f",
            ),
        ],
    )
    def test_bodies_and_signatures_are_those_of_the_reference(
        self, payload: object, body: bytes | None, signature: str
    ) -> None:
        written = webhook_body(payload)
        assert body is None or written == body
        assert webhook_headers(written, "app-secret")["X-Hub-Signature-256"] == f"sha256={signature}"

    def test_the_published_payload_has_its_published_signature(self) -> None:
        body = (
            b'{"object":"page","entry":[{"id":"1717527131834678","time":1475942721780,"messaging":[{"sender":'
            b'{"id":"1256217357730577"},"recipient":{"id":"1717527131834678"},"timestamp":1475942721741,"message":'
            b'{"mid":"mid.1475942721728:3b9e3646712f9bed52","seq":123,"text":"34wrr3wr"}}]}]}'
        )
        found = webhook_headers(body, "60efff025951cddde78c8d03de52cc90")
        assert found["X-Hub-Signature"] == "sha1=3daa41999293ff66c3eb313e04bcf77861bb0276"


class TestDelivery:
    def test_a_failed_one_is_tried_at_once_again_then_ever_more_slowly(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        receiver.status = 500
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        attempts = [facebook.world.courier.send_due() for _ in "123"]
        assert attempts == [1, 1, 0]  # the first, its repetition at once, and then a pause
        facebook.now += 60
        assert facebook.world.courier.send_due() == 1
        facebook.now += 60
        assert facebook.world.courier.send_due() == 0
        receiver.status = 200
        facebook.now += 300
        assert facebook.world.courier.send_due() == 1
        assert len(set(receiver.bodies)) == 1
        (one,) = _deliveries(facebook)
        assert (one["state"], one["attempts"]) == ("delivered", 4)

    def test_after_36_hours_it_is_dropped(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        receiver.status = 404
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        for _ in range(60):
            facebook.world.courier.send_due()
            facebook.now += HOUR
        (one,) = _deliveries(facebook)
        assert one["state"] == "dropped"
        assert 10 < one["attempts"] < 25
        receiver.status = 200
        assert facebook.control("deliver") == {"attempts": 0}

    @pytest.mark.parametrize("status", [201, 204, 301, 403])
    def test_only_200_counts(self, receiver: Receiver, status: int) -> None:
        facebook = subscribed(receiver)
        receiver.status = status
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        facebook.control("deliver")
        assert _deliveries(facebook)[0]["state"] == "waiting"

    def test_a_running_sandbox_delivers_by_itself(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        with serving(facebook.app):
            facebook.control(f"pages/{CAFE}", phone="+46 2")
            assert receiver.came.wait(5)
            receiver.came.clear()
            receiver.status = 500
            facebook.control(f"pages/{CAFE}", phone="+46 3")
            assert receiver.came.wait(5)
        assert receiver.payloads[0]["entry"][0]["changes"] == [{"field": "phone"}]

    def test_what_waits_outlives_the_process(self, receiver: Receiver, tmp_path: Path) -> None:
        facebook = subscribed(receiver, state=tmp_path)
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        again = Facebook(tmp_path)
        assert again.control("deliver") == {"attempts": 1}
        assert len(receiver.bodies) == 1

    def test_the_start_page_shows_them_and_sends_what_waits(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver)
        receiver.status = 503
        facebook.control(f"pages/{CAFE}", phone="+46 2")
        facebook.web.post("/deliver")
        page = facebook.web.get("/").text
        assert "waiting: 503" in page
        assert "Deliver now" in page
        receiver.status = 200
        facebook.web.post("/deliver")
        assert "Deliver now" not in facebook.web.get("/").text


class TestLeaving:
    def test_removing_the_app_is_told_and_ends_everything(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver, deauthorize_url=receiver.address)
        token = facebook.long_token()
        page = facebook.web.post(f"/people/{ASTRID}/remove").text
        assert "answered 200" in page
        content = _opened(_form(receiver.bodies[-1])["signed_request"])
        assert content["user_id"] == ASTRID
        assert content["algorithm"] == "HMAC-SHA256"
        assert content["issued_at"] == int(facebook.now)
        assert facebook.error("GET", "me", token)[:2] == (190, 458)
        assert facebook.world.kept.page_subscriptions == {}

    def test_a_deletion_shows_where_its_state_can_be_seen(self, receiver: Receiver) -> None:
        facebook = Facebook(deletion_url=receiver.address)
        receiver.answer = '{"url":"https://app.example/deletion?id=abc1","confirmation_code":"abc1"}'
        page = facebook.web.post(f"/people/{ASTRID}/delete").text
        assert 'href="https://app.example/deletion?id=abc1"' in page
        assert "<code>abc1</code>" in page
        assert _opened(_form(receiver.bodies[0])["signed_request"])["user_id"] == ASTRID

    @pytest.mark.parametrize(
        ("status", "answer", "problem"),
        [
            (200, "ok", "not a JSON object"),
            (200, '{"url":"https://x.example"}', "lacks"),
            (200, '{"url":"javascript:alert(1)","confirmation_code":"1"}', "lacks"),
            (400, "{}", "answered 400"),
        ],
    )
    def test_an_answer_that_is_not_as_documented_is_shown_as_a_problem(
        self, receiver: Receiver, status: int, answer: str, problem: str
    ) -> None:
        facebook = Facebook(deletion_url=receiver.address)
        receiver.status, receiver.answer = status, answer
        told = facebook.control(f"people/{ASTRID}/delete")
        assert problem in told["problem"]
        assert told["url"] == ""

    def test_an_app_without_such_an_address_is_not_told(self) -> None:
        facebook = Facebook()
        facebook.long_token()
        assert "was not told this address" in facebook.web.post(f"/people/{ASTRID}/remove").text
        assert facebook.world.grant(ASTRID).connected is False

    def test_pages_that_somebody_else_granted_too_stay_subscribed(self, receiver: Receiver) -> None:
        facebook = subscribed(receiver, WHOLE)
        facebook.long_token(FARID)
        facebook.control(f"people/{FARID}/remove")
        assert WHOLE in facebook.world.kept.page_subscriptions


def _deliveries(facebook: Facebook) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facebook.web.get("/_sandbox/deliveries").json  # type: ignore[assignment]
    return found


def _form(body: bytes) -> dict[str, str]:
    name, _, value = body.decode().partition("=")
    return {name: value}


def _opened(signed: str) -> dict[str, Any]:
    """The documented rule, written once more."""
    signature, _, payload = signed.partition(".")
    expected = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) == expected
    opened: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return opened
