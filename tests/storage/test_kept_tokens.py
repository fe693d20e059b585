"""A shop's token pair over several logins, on each object store."""

import secrets
from functools import partial

import pytest

from stockroom.errors import Conflict, LoginNeeded
from stockroom.settings import KeyRing, Spaces
from stockroom.shopify import tokens
from stockroom.shopify.tokens import TokenReply
from stockroom.space import Space
from stockroom.vault import Vault
from tests.storage.wire import Wire

SHOP = "acme.myshopify.com"
RING = KeyRing({"2026-11": secrets.token_bytes(32)})
NOON = 1_795_521_600.0


@pytest.fixture
def vault(space: Space) -> Vault:
    return Vault(space, RING)


def reply(number: int) -> TokenReply:
    return TokenReply(
        access_token=f"shpat_{number:032}",
        scope="read_products",
        expires_in=3600,
        refresh_token=f"shprt_{number:032}",
        refresh_token_expires_in=7_776_000,
    )


def test_what_a_login_brought_is_there_for_an_hour(vault: Vault) -> None:
    kept = tokens.keep(vault, SHOP, reply(1), NOON)
    assert tokens.load(vault, SHOP, NOON + 3599) == kept
    assert (kept.access_token, kept.generation) == (reply(1).access_token, 1)
    with pytest.raises(LoginNeeded, match="has run out"):
        tokens.load(vault, SHOP, NOON + 3600)


def test_a_shop_that_never_logged_in_is_asked_to(vault: Vault) -> None:
    tokens.keep(vault, SHOP, reply(1), NOON)
    with pytest.raises(LoginNeeded, match=r"/shopify/rival\.myshopify\.com/login"):
        tokens.load(vault, "rival.myshopify.com", NOON)


def test_the_newest_login_stands_and_counts_on(vault: Vault) -> None:
    tokens.keep(vault, SHOP, reply(1), NOON)
    tokens.keep(vault, SHOP, reply(2), NOON + 60)
    found = tokens.load(vault, SHOP, NOON + 60)
    assert (found.access_token, found.generation, found.installed) == (reply(2).access_token, 2, NOON + 60)


@pytest.mark.parametrize("first_login", [True, False])
def test_a_login_between_our_look_and_our_write_is_not_lost_count_of(
    vault: Vault, settings: Spaces, wire: Wire, *, first_login: bool
) -> None:
    if not first_login:
        tokens.keep(vault, SHOP, reply(1), NOON)
    wire.before_next_write(lambda: tokens.keep(Vault(Space(settings), RING), SHOP, reply(2), NOON))
    kept = tokens.keep(vault, SHOP, reply(3), NOON)
    assert kept.generation == (2 if first_login else 3)
    assert tokens.load(vault, SHOP, NOON) == kept


def test_who_is_overtaken_again_and_again_is_asked_to_log_in_anew(vault: Vault, settings: Spaces, wire: Wire) -> None:
    for number in range(5):
        wire.before_next_write(partial(tokens.keep, Vault(Space(settings), RING), SHOP, reply(number), NOON))
    with pytest.raises(Conflict, match="log in again"):
        tokens.keep(vault, SHOP, reply(9), NOON)


def test_a_login_makes_up_for_a_key_that_is_gone(vault: Vault, space: Space) -> None:
    tokens.keep(vault, SHOP, reply(1), NOON)
    other = Vault(space, KeyRing({"2026-12": secrets.token_bytes(32)}))
    kept = tokens.keep(other, SHOP, reply(2), NOON)
    assert tokens.load(other, SHOP, NOON) == kept


def test_login_that_is_overtaken_by_a_later_one_leaves_its_pair(vault: Vault) -> None:
    """Of two exchanges the later made the earlier pair's refresh token useless."""
    later = tokens.keep(vault, SHOP, reply(2), NOON + 5)
    assert tokens.keep(vault, SHOP, reply(1), NOON) == later
    assert tokens.load(vault, SHOP, NOON + 6) == later
