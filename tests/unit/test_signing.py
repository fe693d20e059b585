import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stockroom.signing import (
    Pairs,
    derived_key,
    same,
    shopify_query_signature,
    shopify_webhook_signature,
    verify_shopify_query,
    verify_shopify_webhook,
)

# Published by Shopify's own libraries and documentation (shopify_python_api's test/session_test.py; shopify.dev).
# The last one's message is from session_test.py as well.
QUERIES = [
    (
        "hush",
        [
            ("code", "a94a110d86d2452eb3e2af4cfb8a3828"),
            ("shop", "some-shop.myshopify.com"),
            ("timestamp", "1337178173"),
        ],
        "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2",
    ),
    (
        "hush",
        [
            ("code", "0907a61c0c8d55e99db179b68161bc00"),
            ("shop", "some-shop.myshopify.com"),
            ("state", "0.6784241404160823"),
            ("timestamp", "1337178173"),
        ],
        "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
    ),
    (
        "hush",
        [("shop", "some-shop.myshopify.com"), ("ids[]", "2"), ("ids[]", "1")],
        "b93b9f82996f6f8bf9f1b7bbddec284c8fabacdc4e12dc80550b4705f3003b1e",
    ),
    (
        "secret",
        [("a", "1&b=2"), ("c=3&d", "4")],
        "8de3c7e965d22fa21e059868e4004f5b6fbdcef293d1622ff9408edd6325bc6b",
    ),
]

# shopify-api-js, webhooks validate.test.ts; shopify_app, webhook_verification_test.rb (twice).
WEBHOOKS = [
    ("test_secret_key", b'{"foo": "bar"}', "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="),
    ("secret", b"foo=anything", "yCGX/RrK4fcuNtr3ztk5tQGsOBjcAzHpGLdMUrbV8yI="),
    ("old_secret", b"foo=anything", "XqRcjrSv57VACn6apEO9znyu/wkN1VC7QxdSPwK3Hzs="),
]

texts = st.text('ab&=%2"[], +~é', max_size=6)  # what separates and escapes, so that ambiguity would be found
names = texts.filter(lambda name: not name.endswith("[]"))
queries = st.dictionaries(names, texts, max_size=4)


def signed(pairs: Pairs, secret: str, **others: str) -> list[tuple[str, str]]:
    pairs = list(pairs)
    return [*pairs, *others.items(), ("hmac", shopify_query_signature(pairs, secret))]


def by_hand(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(("secret", "pairs", "signature"), QUERIES)
def test_published_query_signatures(secret: str, pairs: list[tuple[str, str]], signature: str) -> None:
    assert shopify_query_signature(pairs, secret) == signature
    assert verify_shopify_query([*pairs, ("hmac", signature)], [secret])


def test_query_with_escapes_is_not_signed_as_the_naive_join() -> None:
    assert shopify_query_signature([("a", "1&b=2"), ("c=3&d", "4")], "secret") != by_hand("secret", "a=1&b=2&c=3&d=4")


@pytest.mark.parametrize(
    "message",
    [
        "custom=hello%20world&shop=acme.myshopify.com&timestamp=1",
        "custom=hello world&shop=acme.myshopify.com&timestamp=1",
    ],
)
def test_value_with_spaces_may_be_signed_encoded_or_decoded(message: str) -> None:
    pairs = [("custom", "hello world"), ("shop", "acme.myshopify.com"), ("timestamp", "1")]
    assert verify_shopify_query([*pairs, ("hmac", by_hand("hush", message))], ["hush"])


def test_value_with_spaces_signed_with_plus_is_refused() -> None:
    signature = by_hand("hush", "custom=hello+world")
    assert not verify_shopify_query([("custom", "hello world"), ("hmac", signature)], ["hush"])


def test_percent_encoding_is_the_one_of_browsers() -> None:
    """URLSearchParams leaves `*-._` alone and escapes `~`, unlike RFC 3986."""
    pairs = parse_qsl("a=%7E*-._%2F%C3%A9&b%5B%5D=1&b%5B%5D=2")
    signature = by_hand("hush", "a=%7E*-._%2F%C3%A9&b%5B%5D=1&b%5B%5D=2")
    assert verify_shopify_query([*pairs, ("hmac", signature)], ["hush"])


@given(queries, queries)
def test_two_queries_never_share_a_signature(left: dict[str, str], right: dict[str, str]) -> None:
    assume(left != right)
    assert not verify_shopify_query([*signed(left.items(), "hush")[-1:], *right.items()], ["hush"])


@given(queries)
def test_order_of_parameters_does_not_matter(query: dict[str, str]) -> None:
    *pairs, signature = signed(query.items(), "hush")
    assert verify_shopify_query([signature, *reversed(pairs)], ["hush"])


def test_values_of_a_list_are_signed_in_their_order() -> None:
    _, pairs, signature = QUERIES[2]
    assert not verify_shopify_query([*reversed(pairs), ("hmac", signature)], ["hush"])


@given(queries, names, texts)
def test_signature_covers_every_parameter_received(query: dict[str, str], name: str, value: str) -> None:
    assume(name not in query)
    assert not verify_shopify_query([*signed(query.items(), "hush"), (name, value)], ["hush"])


@given(queries)
def test_hmac_and_the_old_signature_do_not_sign_themselves(query: dict[str, str]) -> None:
    assert verify_shopify_query(signed(query.items(), "hush", signature="old"), ["hush"])


def test_query_without_signature_or_secret_is_refused() -> None:
    pairs = [("shop", "acme.myshopify.com")]
    assert not verify_shopify_query(pairs, ["hush"])
    assert not verify_shopify_query([*pairs, ("hmac", "")], ["hush"])
    assert not verify_shopify_query(signed(pairs, "hush"), [])
    assert not verify_shopify_query([], ["hush"])


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text[:-1], lambda text: f"{text} ", lambda _: "é", lambda _: "\ud800"]
)
def test_altered_query_signature_is_refused(change: Callable[[str], str]) -> None:
    signature = change(QUERIES[0][2])
    assert not verify_shopify_query([*QUERIES[0][1], ("hmac", signature)], ["hush"])


def test_query_signed_with_the_old_secret_is_good_while_that_is_known() -> None:
    query = signed([("shop", "acme.myshopify.com")], "old")
    assert verify_shopify_query(query, ["new", "old"])
    assert not verify_shopify_query(query, ["new"])


@pytest.mark.parametrize(("secret", "body", "signature"), WEBHOOKS)
def test_published_webhook_signatures(secret: str, body: bytes, signature: str) -> None:
    assert shopify_webhook_signature(body, secret) == signature
    assert verify_shopify_webhook(body, signature, [secret])


@given(st.binary(), st.binary())
def test_webhook_signature_is_good_for_these_very_bytes_only(body: bytes, other: bytes) -> None:
    signature = shopify_webhook_signature(body, "secret")
    assert verify_shopify_webhook(body, signature, ["secret"])
    assert verify_shopify_webhook(other, signature, ["secret"]) == (other == body)


@pytest.mark.parametrize("body", [b"", '{"title":"Größe ✓"}'.encode(), b'{"a":1}\n'])
def test_webhook_body_is_not_normalised(body: bytes) -> None:
    signature = shopify_webhook_signature(body, "secret")
    assert verify_shopify_webhook(body, signature, ["secret"])
    for other in (body + b"\n", b" " + body, body.upper() + b"X"):
        assert not verify_shopify_webhook(other, signature, ["secret"])


@pytest.mark.parametrize(
    "given_header",
    [
        "",
        "yCGX",
        "not base64 at all!",
        base64.b64decode(WEBHOOKS[1][2]).hex(),
        WEBHOOKS[1][2].rstrip("="),
        WEBHOOKS[1][2] + "=",
        WEBHOOKS[1][2].lower(),
        WEBHOOKS[1][2].replace("/", "_").replace("+", "-"),
        f"{WEBHOOKS[1][2]}, {WEBHOOKS[1][2]}",
        f"{WEBHOOKS[1][2]},{WEBHOOKS[2][2]}",
        f" {WEBHOOKS[1][2]}",
        f"{WEBHOOKS[1][2]}\n",
        "yCGX/RrK4fcuNtr3ztk5tQGsOBjcAzHpGLdMUrbV8yÎ=",
        "\ud800",
        WEBHOOKS[0][2],
    ],
    ids=[
        "missing",
        "short",
        "no base64",
        "hex",
        "padding stripped",
        "padded twice",
        "other case",
        "other alphabet",
        "twice",
        "two headers",
        "blank before",
        "line after",
        "not ASCII",
        "surrogate",
        "another body's",
    ],
)
def test_webhook_signature_that_is_not_exactly_right_is_refused(given_header: str) -> None:
    assert not verify_shopify_webhook(b"foo=anything", given_header, ["secret", "old_secret"])


def test_webhook_under_the_old_secret_is_good_while_that_is_known() -> None:
    _, body, signature = WEBHOOKS[2]
    assert verify_shopify_webhook(body, signature, ["secret", "old_secret"])
    assert not verify_shopify_webhook(body, signature, ["secret"])
    assert not verify_shopify_webhook(body, signature, [])


def test_query_signature_is_worth_nothing_as_webhook_signature() -> None:
    assert not verify_shopify_webhook(b"shop=acme", by_hand("secret", "shop=acme"), ["secret"])


def test_key_of_one_purpose_is_not_the_key_of_another() -> None:
    keys = {derived_key("secret", purpose) for purpose in ("state/shopify/login", "state/facebook/login", "", "x")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
    assert derived_key("secret", "x") != derived_key("other", "x")
    assert derived_key("secret", "x") == derived_key("secret", "x")


@given(st.text(), st.text())
def test_comparing_takes_any_text(left: str, right: str) -> None:
    assert same(left, right) == (left == right)
