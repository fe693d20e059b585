import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.errors import CallerError
from stockroom.shopify import shops


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme", "acme.myshopify.com"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("ACME", "acme.myshopify.com"),
        ("Acme.MyShopify.COM", "acme.myshopify.com"),
        ("a", "a.myshopify.com"),
        ("1-a-2", "1-a-2.myshopify.com"),
        ("x" * 63, "x" * 63 + ".myshopify.com"),
        ("myshopify", "myshopify.myshopify.com"),
    ],
)
def test_shops_name_is_understood_in_both_forms(text: str, domain: str) -> None:
    assert shops.domain(text) == domain
    assert shops.domain(shops.domain(text)) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "-acme",
        "x" * 64,
        "x" * 64 + ".myshopify.com",
        ".myshopify.com",
        "myshopify.com",
        "acme.myshopify.com.evil.org",
        "acme.myshopify.com.myshopify.com",
        "acme.evil.org",
        "evil.org/acme.myshopify.com",
        "evil.org#acme.myshopify.com",
        "evil.org?acme.myshopify.com",
        "evil.org\\acme.myshopify.com",
        "a.b.myshopify.com",
        "acme.myshopify.com.",
        "acme.myshopify.comx",
        "acmeXmyshopify.com",
        "acme.myshopify.com\n",
        "acme\n.myshopify.com",
        "acme\n",
        "\nacme",
        "acme\r\nhost: evil.org",
        "acme\0",
        "acme ",
        " acme",
        "ac me",
        "acme\t",
        "acme.myshopify.com:8443",
        "acme:8443",
        "acme.myshopify.com/admin",
        "acme/..",
        "../acme",
        "user@acme.myshopify.com",
        "user:password@acme",
        "https://acme.myshopify.com",
        "//acme.myshopify.com",
        "acme_shop",
        "acme%2emyshopify.com",
        "acme%0a",
        "ac.me",
        "\u212aacme",  # Kelvin sign, whose lower case is k
        "acme.my\u017fhopify.com",  # long s, whose upper case is S
        "\u017fhop",
        "\u0430cme",  # Cyrillic a
        "acme\u3002myshopify.com",  # ideographic full stop, a dot for browsers
        "acme.myshop\u0131fy.com",
        "\u0130acme",
        "acm\u00e9",
        "acme\u200b",
        "acme\u2028",
        "\uff41cme",
        "\u0661acme",  # a digit, but not one of ours
        "\ud800",
    ],
)
def test_what_is_not_exactly_a_shops_name_is_refused(text: str) -> None:
    with pytest.raises(CallerError, match="not the name of a shop") as caught:
        shops.domain(text)
    assert caught.value.status == 400
    assert "evil" not in caught.value.message


@given(
    st.text()
    | st.text("abkKsS-.\n:/@\u017f\u212a", max_size=8).flatmap(lambda t: st.sampled_from([t, t + ".myshopify.com"]))
)
def test_whatever_is_accepted_is_one_label_below_myshopify(text: str) -> None:
    try:
        domain = shops.domain(text)
    except CallerError:
        return
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com", domain)
    assert domain.removesuffix(".myshopify.com") == text.lower().removesuffix(".myshopify.com")


def test_admin_is_at_the_shop_itself_unless_there_is_a_sandbox() -> None:
    assert shops.admin_url("acme.myshopify.com", None) == "https://acme.myshopify.com"
    for sandbox in ("http://localhost:5001", "http://localhost:5001/"):
        assert shops.admin_url("acme.myshopify.com", sandbox) == "http://localhost:5001/acme.myshopify.com"


def test_places_of_a_shop() -> None:
    assert shops.source("acme.myshopify.com") == "shopify/acme.myshopify.com"
    assert shops.snapshot_key("acme.myshopify.com") == "acme.myshopify.com/shopify_data.json"
