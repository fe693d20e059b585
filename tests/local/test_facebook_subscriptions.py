"""Webhook subscriptions at the sandbox Facebook, on the app and on the Page."""

from collections.abc import Iterator

import pytest

from tests.local.facebook_client import (
    APP,
    APP_TOKEN,
    CAFE,
    DMITRI,
    EVENT_FIELDS,
    FARID,
    SCOPE,
    WHOLE,
    Facebook,
    Receiver,
    app_subscription,
    error_of,
    receiving,
    subscribe_app,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


class TestAppLevel:
    def test_subscribing_asks_the_address_for_its_challenge_first(self, receiver: Receiver) -> None:
        facebook = Facebook()
        subscribe_app(facebook, receiver)
        assert receiver.handshakes[0]["hub.mode"] == "subscribe"
        assert receiver.handshakes[0]["hub.verify_token"] == "let-me-in"
        assert receiver.handshakes[0]["hub.challenge"].isdecimal()
        assert facebook.ok("GET", f"{APP}/subscriptions", APP_TOKEN)["data"] == [
            {
                "object": "page",
                "callback_url": receiver.address,
                "active": True,
                "fields": [{"name": name, "version": "v26.0"} for name in EVENT_FIELDS.split(",")],
            }
        ]

    @pytest.mark.parametrize(
        ("status", "challenge", "words"),
        [
            (200, "{}{}", "Response does not match challenge, expected value="),
            (200, '"{}"', "Response does not match challenge"),
            (200, "<html>hello", 'received="<html>hello"'),
            (403, "{}", "HTTP Status Code = 403"),
            (302, "{}", "HTTP Status Code = 302"),
        ],
    )
    def test_an_address_that_does_not_echo_it_is_refused(
        self, receiver: Receiver, status: int, challenge: str, words: str
    ) -> None:
        facebook = Facebook()
        receiver.status, receiver.challenge = status, challenge.replace("{}{}", "{0}{0}")
        code, _, said = error_of(app_subscription(facebook, receiver))
        assert code == 2200
        assert words in said
        assert facebook.ok("GET", f"{APP}/subscriptions", APP_TOKEN)["data"] == []

    def test_an_address_where_nobody_is_is_refused(self, receiver: Receiver) -> None:
        reply = app_subscription(Facebook(), receiver, callback_url="http://localhost:9/x")
        assert "cannot be reached" in error_of(reply)[2]

    def test_subscribing_again_replaces_address_and_fields(self, receiver: Receiver) -> None:
        facebook = Facebook()
        subscribe_app(facebook, receiver)
        subscribe_app(facebook, receiver, callback_url=f"{receiver.address}?v=2", fields="name")
        assert len(receiver.handshakes) == 2
        (one,) = facebook.ok("GET", f"{APP}/subscriptions", APP_TOKEN)["data"]
        assert one["callback_url"].endswith("?v=2")
        assert [field["name"] for field in one["fields"]] == ["name"]

    def test_it_can_be_ended_in_part_and_whole(self, receiver: Receiver) -> None:
        facebook = Facebook()
        subscribe_app(facebook, receiver)
        facebook.ok("DELETE", f"{APP}/subscriptions", APP_TOKEN, object="page", fields="name,phone,description,hours")
        (one,) = facebook.ok("GET", f"{APP}/subscriptions", APP_TOKEN)["data"]
        assert [field["name"] for field in one["fields"]] == ["location", "email"]
        facebook.ok("DELETE", f"{APP}/subscriptions", APP_TOKEN, object="page")
        assert facebook.ok("GET", f"{APP}/subscriptions", APP_TOKEN)["data"] == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"object": "planet"},
            {"fields": "about"},
            {"fields": ""},
            {"verify_token": ""},
            {"callback_url": "http://example.com/x"},
            {"callback_url": "nowhere"},
        ],
    )
    def test_a_wrong_question_is_refused(self, receiver: Receiver, changed: dict[str, str]) -> None:
        assert error_of(app_subscription(Facebook(), receiver, **changed))[0] == 100
        assert receiver.handshakes == []

    def test_only_the_app_may_do_it(self) -> None:
        facebook = Facebook()
        assert facebook.error("GET", f"{APP}/subscriptions", facebook.long_token())[0] == 15


class TestPageLevel:
    def test_a_page_is_subscribed_looked_up_and_let_go(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(CAFE)
        assert facebook.ok("GET", f"{CAFE}/subscribed_apps", token) == {"data": []}
        facebook.ok("POST", f"{CAFE}/subscribed_apps", token, subscribed_fields="name,phone")
        facebook.ok("POST", f"{CAFE}/subscribed_apps", token, subscribed_fields="hours,phone")
        (app,) = facebook.ok("GET", f"{CAFE}/subscribed_apps", token)["data"]
        assert (app["id"], app["subscribed_fields"]) == (APP, ["hours", "phone"])
        assert facebook.ok("GET", CAFE, token, fields="is_webhooks_subscribed")["is_webhooks_subscribed"] is True
        assert facebook.ok("DELETE", f"{CAFE}/subscribed_apps", token) == {"success": True}
        assert facebook.ok("GET", f"{CAFE}/subscribed_apps", token) == {"data": []}

    @pytest.mark.parametrize(("fields", "code"), [("", 100), ("about", 100), ("name,cover", 100), ("messages", 200)])
    def test_fields_that_are_none_or_not_allowed_are_refused(self, fields: str, code: int) -> None:
        facebook = Facebook()
        path = f"{CAFE}/subscribed_apps"
        assert facebook.error("POST", path, facebook.page_token(CAFE), subscribed_fields=fields)[0] == code
        assert facebook.world.kept.page_subscriptions == {}

    def test_messages_take_pages_messaging(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(
            CAFE, facebook.long_token(scope=f"{SCOPE},pages_messaging", ticked=f"{SCOPE},pages_messaging")
        )
        assert facebook.ok("POST", f"{CAFE}/subscribed_apps", token, subscribed_fields="messages,messaging_postbacks")

    def test_it_takes_the_pages_own_token_the_permission_and_a_task(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        assert facebook.error("POST", f"{CAFE}/subscribed_apps", user, subscribed_fields="name")[0] == 210
        other = facebook.page_token(WHOLE, user)
        assert facebook.error("POST", f"{CAFE}/subscribed_apps", other, subscribed_fields="name")[0] == 200
        (page,) = facebook.world.pages_of(DMITRI)
        declined = facebook.page_token(page.id, facebook.long_token(DMITRI))
        found = facebook.error("POST", f"{page.id}/subscribed_apps", declined, subscribed_fields="name")
        assert found == (200, None, "(#200) Requires pages_manage_metadata permission to manage the object")
        advertiser = facebook.page_token(WHOLE, facebook.long_token(FARID))
        assert facebook.error("POST", f"{WHOLE}/subscribed_apps", advertiser, subscribed_fields="name")[0] == 200
