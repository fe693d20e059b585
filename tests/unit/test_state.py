import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import state
from stockroom.errors import CallerError, StockroomError, Unauthorised
from stockroom.signing import shopify_webhook_signature, verify_shopify_webhook
from stockroom.space import Space
from stockroom.state import State

SECRET = "state-secret-of-more-than-32-characters"
PURPOSE = "shopify/login"
SHOP = "acme.myshopify.com"
NOW = 1_800_000_000.75


class Login:
    """A login begun at NOW, with its browser's cookies."""

    def __init__(self, *, page: bool | None = None) -> None:
        self.state, self.text, cookie = state.begin(SECRET, PURPOSE, SHOP, NOW, page=page)
        self.cookies = {"other": "x", self.state.cookie: cookie}

    def check(
        self, text: str | None = None, *, now: float = NOW, purpose: str = PURPOSE, secret: str = SECRET
    ) -> State:
        return state.check(secret, purpose, self.text if text is None else text, self.cookies, now)


@pytest.mark.parametrize("page", [None, True, False])
@pytest.mark.parametrize("later", [0, 1, 599])
def test_login_comes_back_as_it_began(later: int, page: bool | None) -> None:
    login = Login(page=page)
    assert login.check(now=NOW + later) == login.state
    assert (login.state.subject, login.state.page, login.state.issued) == (SHOP, page, 1_800_000_000)


def test_state_is_good_for_ten_minutes() -> None:
    login = Login()
    for now in (login.state.issued - 30.0, login.state.issued + 600.0):
        login.check(now=now)
    for now in (login.state.issued + 600.1, login.state.issued - 30.1):
        with pytest.raises(CallerError, match="10 minutes") as caught:
            login.check(now=now)
        assert caught.value.status == 400


def test_every_login_is_another() -> None:
    logins = [Login() for _ in range(20)]
    assert len({login.text for login in logins}) == 20
    assert len({login.state.nonce for login in logins}) == 20
    assert len({login.cookies[login.state.cookie] for login in logins}) == 20
    assert len({login.state.cookie for login in logins}) == 20  # two tabs do not overwrite each other's


def test_state_shows_neither_the_cookie_nor_the_secret() -> None:
    login = Login()
    payload = base64.urlsafe_b64decode(login.text.partition(".")[0] + "==").decode()
    for text in (login.text, payload, repr(login.state)):
        assert login.cookies[login.state.cookie] not in text
        assert SECRET not in text


@pytest.mark.parametrize("replacement", ["A", "B", ".", "=", "é", ""])
def test_state_altered_at_any_byte_is_refused(replacement: str) -> None:
    login = Login()
    for place, character in enumerate(login.text):
        if character != replacement:
            with pytest.raises(Unauthorised):
                login.check(login.text[:place] + replacement + login.text[place + 1 :])


@pytest.mark.parametrize("text", [".", "x", "x.", ".x", "\ud800.\ud800", "é.é", "a.b.c"])
def test_text_that_was_never_a_state_is_refused(text: str) -> None:
    with pytest.raises(Unauthorised):
        Login().check(text)


@given(st.text(min_size=1))
def test_no_text_at_all_passes_for_a_state(text: str) -> None:
    with pytest.raises(Unauthorised):
        Login().check(text)


def test_nothing_may_be_added_to_a_state() -> None:
    login = Login()
    for text in (login.text + "=", login.text + ".", login.text + "\n", f"{login.text}.x", " " + login.text):
        with pytest.raises(Unauthorised):
            login.check(text)


def test_missing_state_is_told_apart_from_a_forged_one() -> None:
    with pytest.raises(CallerError, match="no state parameter") as caught:
        Login().check("")
    assert caught.value.status == 400


def test_state_of_another_purpose_or_secret_is_refused() -> None:
    login = Login()
    with pytest.raises(Unauthorised):
        login.check(purpose="facebook/login")
    with pytest.raises(Unauthorised):
        login.check(secret=SECRET + "x")


def test_state_caught_from_another_browser_is_refused() -> None:
    mine, strangers = Login(), Login()
    for cookies in ({}, strangers.cookies, {mine.state.cookie: ""}, {mine.state.cookie: "x"}):
        with pytest.raises(CallerError, match="another browser") as caught:
            state.check(SECRET, PURPOSE, mine.text, cookies, NOW)
        assert caught.value.status == 403


@pytest.mark.parametrize(
    "payload", [b'{"subject": "x"}', b"[]", b"null", b"no json", b"\xff", b'{"subject":"x","nonce":"x","is":1}']
)
def test_state_signed_by_an_older_version_asks_for_a_new_login(payload: bytes) -> None:
    text = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    with pytest.raises(CallerError, match="before an update") as caught:
        Login().check(f"{text}.{state._mac(SECRET, PURPOSE, text).decode()}")
    assert caught.value.status == 400


def test_signed_text_that_is_not_base64_asks_for_a_new_login() -> None:
    with pytest.raises(CallerError, match="before an update"):
        Login().check(f"é.{state._mac(SECRET, PURPOSE, 'é').decode()}")


def test_states_signature_is_worth_nothing_as_webhook_signature() -> None:
    """Even under one and the same secret: who gets a state signed must not own a webhook by it."""
    payload, _, signature = Login().text.partition(".")
    standard = base64.b64encode(base64.urlsafe_b64decode(signature + "=")).decode()
    for body in (payload.encode(), base64.urlsafe_b64decode(payload + "==")):
        for text in (signature, signature + "=", standard):
            assert not verify_shopify_webhook(body, text, [SECRET])


def test_webhooks_signature_is_worth_nothing_as_states_signature() -> None:
    payload = Login().text.partition(".")[0]
    signature = shopify_webhook_signature(payload.encode(), SECRET)
    for text in (signature, signature.rstrip("="), signature.translate(str.maketrans("+/", "-_")).rstrip("=")):
        with pytest.raises(Unauthorised):
            Login().check(f"{payload}.{text}")


def test_state_is_used_up_by_its_first_callback(space: Space) -> None:
    login = Login().state
    state.spend(space, login)
    with pytest.raises(CallerError, match="completed already") as caught:
        state.spend(space, login)
    assert caught.value.status == 409
    state.spend(space, replace(login, nonce="another"))


def test_storage_failure_is_not_taken_for_a_used_state(space: Space) -> None:
    space.bucket = "missing"
    with pytest.raises(StockroomError, match="does not exist"):
        state.spend(space, Login().state)
