import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stockroom.errors import Conflict, LoginNeeded, SetupError
from stockroom.masking import MASK, masked
from stockroom.settings import KeyRing
from stockroom.shopify import tokens
from stockroom.shopify.tokens import TokenReply, Tokens
from stockroom.space import Space
from stockroom.vault import Vault, key

SHOP = "acme.myshopify.com"
SOURCE = f"shopify/{SHOP}"
RING = KeyRing({"k1": bytes(range(32))})
NOW = 1_800_000_000.0

ANSWER = {
    "access_token": "shpat_0123456789abcdef3f9c",
    "scope": "read_products",
    "expires_in": 3600,
    "refresh_token": "shprt_fedcba98765432100f1e",
    "refresh_token_expires_in": 7776000,
}


def reply(**changes: Any) -> TokenReply:
    return TokenReply.model_validate({**ANSWER, **changes})


@pytest.fixture
def vault(space: Space) -> Vault:
    return Vault(space, RING)


def test_pair_knows_when_each_of_it_ends() -> None:
    pair = Tokens.of(reply(), NOW)
    assert (pair.access_token, pair.refresh_token) == (ANSWER["access_token"], ANSWER["refresh_token"])
    assert (pair.access_expires, pair.refresh_expires) == (NOW + 3600, NOW + 7776000)
    assert (pair.scope, pair.generation, pair.installed) == ("read_products", 1, NOW)
    assert pair.previous_refresh_token is None


def test_reply_without_a_life_time_is_good_for_an_hour_and_not_for_ever() -> None:
    answer = {name: value for name, value in ANSWER.items() if name in ("access_token", "scope")}
    pair = Tokens.of(TokenReply.model_validate({**answer, "new_field": 1}), NOW)
    assert pair.access_expires == NOW + 3600
    assert (pair.refresh_token, pair.refresh_expires) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": ""},
        {"access_token": None},
        {"access_token": ["shpat_0123456789abcdef3f9c"]},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": "shpat_0123456789abcdef3f9c"},
        {"scope": None},
        {"refresh_token": {"shprt_fedcba98765432100f1e": 1}},
    ],
)
def test_malformed_reply_is_refused_without_showing_a_token(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        reply(**changes)
    for shown in (str(caught.value), repr(caught.value)):
        assert "shpat" not in shown
        assert "shprt" not in shown


def test_no_token_shows_in_a_repr() -> None:
    pair = Tokens.of(reply(), NOW).model_copy(update={"previous_refresh_token": "shprt_previous"})
    for shown in (repr(reply()), str(reply()), repr(pair), str(pair), f"{[pair]}"):
        assert "shpat" not in shown
        assert "shprt" not in shown


def test_tokens_cannot_be_altered_in_place() -> None:
    with pytest.raises(ValidationError):
        Tokens.of(reply(), NOW).access_token = "x"


def test_login_keeps_its_tokens_sealed(vault: Vault, space: Space) -> None:
    kept = tokens.keep(vault, SHOP, reply(), NOW)
    assert tokens.load(vault, SHOP, NOW) == kept == Tokens.of(reply(), NOW)
    found = space.read(key(SOURCE), secret=vault._sse_key("k1"))
    assert found is not None
    assert b"shpat" not in found.body
    assert b"read_products" not in found.body


def test_next_login_replaces_the_pair_and_counts_on(vault: Vault) -> None:
    tokens.keep(vault, SHOP, reply(), NOW)
    tokens.keep(vault, SHOP, reply(access_token="shpat_second"), NOW + 60)
    third = tokens.keep(vault, SHOP, reply(access_token="shpat_third"), NOW + 120)
    assert (third.generation, third.installed) == (3, NOW + 120)
    assert tokens.load(vault, SHOP, NOW + 120).access_token == "shpat_third"


def test_login_makes_up_for_tokens_that_do_not_open_any_more(vault: Vault, space: Space) -> None:
    space.put(key(SOURCE), b"damaged", secret=vault._sse_key("k1"))
    assert tokens.keep(vault, SHOP, reply(), NOW).generation == 1
    assert tokens.load(vault, SHOP, NOW).access_token == ANSWER["access_token"]


def rival_logins(vault: Vault, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many other logins, each just before our own pair is written."""
    create, swap = vault.create, vault.swap
    left = iter(range(times))

    def other_first() -> None:
        for number in left:
            vault.replace(SOURCE, Tokens.of(reply(), NOW, 10 + number).model_dump_json().encode())
            break

    def created(source: str, content: bytes) -> str:
        other_first()
        return create(source, content)

    def swapped(source: str, content: bytes, etag: str) -> str:
        other_first()
        return swap(source, content, etag)

    monkeypatch.setattr(vault, "create", created)
    monkeypatch.setattr(vault, "swap", swapped)


def test_login_that_lost_a_race_counts_on_from_the_winner(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    rival_logins(vault, 2, monkeypatch)
    assert tokens.keep(vault, SHOP, reply(access_token="shpat_mine"), NOW).generation == 12
    assert tokens.load(vault, SHOP, NOW).access_token == "shpat_mine"


def test_login_that_always_loses_says_so(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    rival_logins(vault, 5, monkeypatch)
    with pytest.raises(Conflict, match="by others all the time"):
        tokens.keep(vault, SHOP, reply(), NOW)


def test_storage_failure_is_not_taken_for_lost_tokens(vault: Vault, space: Space) -> None:
    space.bucket = "missing"
    with pytest.raises(SetupError, match="does not exist"):
        tokens.keep(vault, SHOP, reply(), NOW)


def test_shop_that_never_logged_in_is_told_to(vault: Vault) -> None:
    with pytest.raises(LoginNeeded, match=f"is not connected: log in at /shopify/{SHOP}/login"):
        tokens.load(vault, SHOP, NOW)


def test_token_that_has_run_out_is_not_given_out(vault: Vault) -> None:
    tokens.keep(vault, SHOP, reply(), NOW)
    assert tokens.load(vault, SHOP, NOW + 3599.9)
    with pytest.raises(LoginNeeded, match="has run out") as caught:
        tokens.load(vault, SHOP, NOW + 3600)
    assert "shpat" not in caught.value.message


def test_tokens_are_stored_as_plain_fields_that_later_versions_can_read(vault: Vault) -> None:
    tokens.keep(vault, SHOP, reply(), NOW)
    stored = vault.read(SOURCE)
    assert stored is not None
    assert json.loads(stored[0]) == {
        "access_token": ANSWER["access_token"],
        "scope": "read_products",
        "access_expires": NOW + 3600,
        "refresh_token": ANSWER["refresh_token"],
        "refresh_expires": NOW + 7776000,
        "previous_refresh_token": None,
        "generation": 1,
        "installed": NOW,
    }


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("shpat_0123456789abcdef0123456789ab3f9c", f"shpat_{MASK}3f9c"),
        ("0123456789abcdef0123456789ab3f9c", f"{MASK}3f9c"),
        ("0123456789_abcdef0123456789ab3f9c", f"{MASK}3f9c"),
        ("shpat_0123456789abcdef3f", f"shpat_{MASK}ef3f"),
        ("shpat_0123456789abcdef3", MASK),
        ("abcdefg_", MASK),
        ("", MASK),
    ],
)
def test_masked_token_can_be_recognised_if_it_is_long(token: str, shown: str) -> None:
    assert masked(token) == shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]) | st.just("_"), max_size=60))
def test_masked_token_never_tells_more_than_half(token: str) -> None:
    before, _, after = masked(token).partition(MASK)
    assert token.startswith(before)
    assert token.endswith(after)
    assert len(before) + len(after) <= len(token) / 2
