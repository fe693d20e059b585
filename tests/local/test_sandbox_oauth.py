"""Logging in at the sandbox: consent, code, tokens, and how they end."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from local.sandbox.signing import signature
from tests.local.sandbox_client import KEY, REDIRECT, SECRET, SHOP, Sandbox, logged_in, query_of

HOUR, DAY = 3600, 86400


def verified(address: str) -> dict[str, str]:
    """The query of an address, whose signature must be right: the documented rule, written once more."""
    query = query_of(address)
    message = "&".join(f"{key}={query[key]}" for key in sorted(query) if key != "hmac")
    assert query.pop("hmac") == hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()
    return query


@pytest.mark.parametrize(
    ("key", "params", "expected"),
    [
        (
            "hush",
            {"code": "a94a110d86d2452eb3e2af4cfb8a3828", "shop": "some-shop.myshopify.com", "timestamp": "1337178173"},
            "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2",
        ),
        (
            "hush",
            {
                "code": "0907a61c0c8d55e99db179b68161bc00",
                "shop": "some-shop.myshopify.com",
                "state": "0.6784241404160823",
                "timestamp": "1337178173",
            },
            "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
        ),
        (
            "secret",
            {"a": "1&b=2", "c=3&d": "4"},
            "8de3c7e965d22fa21e059868e4004f5b6fbdcef293d1622ff9408edd6325bc6b",
        ),
    ],
)
def test_addresses_are_signed_as_shopify_publishes(key: str, params: dict[str, str], expected: str) -> None:
    assert signature(params, key) == expected


def test_consent_page_tells_in_words_what_is_asked() -> None:
    page = Sandbox().consent().text
    for words in ("View products, variants and collections", "View inventory quantities", "View locations", SHOP):
        assert words in page


def test_pages_load_nothing_from_elsewhere() -> None:
    sandbox = logged_in()
    for page in (sandbox.consent(), sandbox.web.get("/"), sandbox.web.get(f"/{SHOP}/admin")):
        assert page.status_code == 200
        assert not any(word in page.text for word in ("src=", "<link", "<script", "@import", "url("))
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_installing_returns_to_the_app_with_a_signed_code() -> None:
    answer = Sandbox().consent(decision="install", state="a state & more %")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    query = verified_with_escapes(answer.headers["Location"])
    assert query | {"code": "", "host": ""} == {
        "code": "",
        "host": "",
        "shop": SHOP,
        "state": "a state & more %",
        "timestamp": "1800000000",
    }


def verified_with_escapes(address: str) -> dict[str, str]:
    query = query_of(address)
    assert query.pop("hmac") == signature(query, SECRET)
    return query


def test_host_is_unpadded_base64_of_the_admins_place() -> None:
    host = verified(Sandbox().consent("abcd.myshopify.com", "install").headers["Location"])["host"]
    assert not host.endswith("=")
    assert base64.b64decode(host + "=" * (-len(host) % 4)) == b"admin.shopify.com/store/abcd"


def test_cancelling_returns_a_signed_refusal() -> None:
    query = verified_with_escapes(Sandbox().consent(decision="cancel").headers["Location"])
    assert (query["error"], query["shop"], query["state"]) == ("access_denied", SHOP, "nonce")
    assert "code" not in query


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"client_id": "another"}, "SHOPIFY_API_KEY"),
        ({"redirect_uri": f"{REDIRECT}/"}, "not whitelisted"),
        ({"redirect_uri": "https://evil.example/"}, "not whitelisted"),
        ({"scope": "read_products,read_minds"}, "read_minds"),
        ({"scope": ""}, "access scope"),
        ({"state": ""}, "state is missing"),
        ({"grant_options[]": "per-user"}, "offline"),
    ],
)
@pytest.mark.parametrize("decision", [None, "install", "cancel"])
def test_a_wrong_request_is_shown_and_never_redirected(
    changed: dict[str, str], said: str, decision: str | None
) -> None:
    answer = Sandbox().consent(decision=decision, **changed)
    assert answer.status_code == 400
    assert said in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["ACME.myshopify.com", "acme.myshopify.com.evil.org", "acme", "-a.myshopify.com"])
def test_only_well_formed_shops_exist(name: str) -> None:
    assert Sandbox().web.get(f"/{name}/admin").status_code == 404


def test_a_code_gives_an_expiring_pair() -> None:
    sandbox = Sandbox()
    reply = sandbox.ask_token(code=sandbox.code(), expiring="1").json
    assert reply["access_token"].startswith("shpat_")
    assert reply["refresh_token"].startswith("shprt_")
    assert (reply["expires_in"], reply["refresh_token_expires_in"]) == (3600, 7776000)
    assert reply["scope"] == "read_products,read_inventory,read_locations,read_discounts"


def test_without_expiring_a_token_never_ends_and_cannot_be_refreshed() -> None:
    sandbox = Sandbox()
    reply = sandbox.ask_token(code=sandbox.code()).json
    assert set(reply) == {"access_token", "scope"}
    sandbox.token, sandbox.now = reply["access_token"], sandbox.now + 1000 * DAY
    assert sandbox.data("{ shop { name } }")


def test_token_request_may_be_json() -> None:
    sandbox = Sandbox()
    sent = {"client_id": KEY, "client_secret": SECRET, "code": sandbox.code(), "expiring": 1}
    reply = sandbox.web.post(f"/{SHOP}/admin/oauth/access_token", json=sent)
    assert reply.json is not None
    assert reply.json["expires_in"] == 3600


def test_a_code_works_once_and_its_second_use_harms_nothing() -> None:
    sandbox = Sandbox()
    code = sandbox.code()
    first = sandbox.ask_token(code=code, expiring="1")
    second = sandbox.ask_token(code=code, expiring="1")
    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json["error"] == "invalid_request"
    sandbox.token = first.json["access_token"]
    assert sandbox.data("{ shop { name } }")
    assert sandbox.refresh(first.json["refresh_token"]).status_code == 200


def test_a_code_lives_a_minute() -> None:
    sandbox = Sandbox()
    early, late = sandbox.code(), sandbox.code()
    sandbox.now += 59
    assert sandbox.ask_token(code=early).status_code == 200
    sandbox.now += 1
    assert sandbox.ask_token(code=late).status_code == 400


def test_a_code_belongs_to_its_shop() -> None:
    sandbox = Sandbox()
    assert sandbox.ask_token("other.myshopify.com", code=sandbox.code()).status_code == 400


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code": "unknown"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "shprt_x"}, 401, "invalid_client"),
    ],
)
def test_token_endpoint_refuses(sent: dict[str, str], status: int, error: str) -> None:
    sandbox = Sandbox()
    answer = sandbox.ask_token(**({"code": sandbox.code()} | sent))
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.json["error_description"]


def test_access_token_ends_after_an_hour() -> None:
    sandbox = logged_in()
    sandbox.now += HOUR - 1
    assert sandbox.post("{ shop { name } }").status_code == 200
    sandbox.now += 1
    refused = sandbox.post("{ shop { name } }")
    assert refused.status_code == 401
    assert "Invalid API key or access token" in refused.json["errors"]


def test_previous_access_token_works_on_after_a_refresh() -> None:
    sandbox = Sandbox()
    first = sandbox.log_in()
    sandbox.now += HOUR / 2
    second = sandbox.refresh(first["refresh_token"]).json
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    for token in (first["access_token"], second["access_token"]):
        sandbox.token = token
        assert sandbox.post("{ shop { name } }").status_code == 200
    sandbox.token, sandbox.now = first["access_token"], sandbox.now + HOUR / 2
    assert sandbox.post("{ shop { name } }").status_code == 401


def test_a_lost_refresh_reply_may_be_asked_for_again_until_its_replacement_is_used() -> None:
    sandbox = Sandbox()
    old = sandbox.log_in()["refresh_token"]
    lost = sandbox.refresh(old).json["refresh_token"]
    sandbox.now += 29 * DAY
    replacement = sandbox.refresh(old).json["refresh_token"]
    assert sandbox.refresh(lost).json["error"] == "invalid_grant"
    assert sandbox.refresh(replacement).status_code == 200
    assert sandbox.refresh(old).json["error"] == "invalid_grant"


def test_a_used_refresh_token_ends_after_thirty_days() -> None:
    sandbox = Sandbox()
    old = sandbox.log_in()["refresh_token"]
    sandbox.refresh(old)
    sandbox.now += 30 * DAY
    assert sandbox.refresh(old).json["error"] == "invalid_grant"


def test_a_used_refresh_token_never_outlives_its_ninety_days() -> None:
    sandbox = Sandbox()
    old = sandbox.log_in()["refresh_token"]
    sandbox.now += 80 * DAY
    sandbox.refresh(old)
    sandbox.now += 10 * DAY
    assert sandbox.refresh(old).json["error"] == "invalid_grant"


def test_an_unused_refresh_token_ends_after_ninety_days() -> None:
    sandbox = Sandbox()
    old = sandbox.log_in()["refresh_token"]
    sandbox.now += 90 * DAY
    assert sandbox.refresh(old).status_code == 400


def test_a_new_login_voids_earlier_refresh_tokens() -> None:
    sandbox = Sandbox()
    old = sandbox.log_in()["refresh_token"]
    sandbox.log_in()
    assert sandbox.refresh(old).json["error"] == "invalid_grant"


def test_uninstalling_ends_every_token_and_subscription() -> None:
    sandbox = Sandbox()
    reply = sandbox.log_in()
    sandbox.web.post(f"/_sandbox/shops/{SHOP}/revoke")
    assert sandbox.post("{ shop { name } }").status_code == 401
    refused = sandbox.refresh(reply["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    assert sandbox.state()["installed_at"] is None


def test_merchant_may_grant_fewer_scopes() -> None:
    sandbox = Sandbox()
    answer = sandbox.consent(decision="install", granted=["read_products", "write_orders"])
    reply = sandbox.ask_token(code=query_of(answer.headers["Location"])["code"])
    assert reply.json["scope"] == "read_products"


def test_writing_implies_reading_and_is_told_alone() -> None:
    sandbox = Sandbox()
    assert sandbox.log_in(scope="read_products,write_products")["scope"] == "write_products"
    assert sandbox.data("{ productsCount { count } }")


def test_opening_the_app_from_the_admin_is_signed() -> None:
    answer = Sandbox().web.get(f"/{SHOP}/admin/open-app")
    assert answer.headers["Location"].startswith("http://localhost:7000/shopify/login?")
    assert verified(answer.headers["Location"])["shop"] == SHOP


def test_advanced_clock_leaves_the_date_on_addresses_alone() -> None:
    sandbox = Sandbox()
    sandbox.web.post("/_sandbox/clock", json={"advance": 5000})
    assert verified(sandbox.consent(decision="install").headers["Location"])["timestamp"] == "1800000000"


def test_advancing_the_clock_ages_tokens() -> None:
    sandbox = logged_in()
    sandbox.web.post("/_sandbox/clock", json={"advance": HOUR})
    assert sandbox.post("{ shop { name } }").status_code == 401


def test_installs_and_tokens_outlive_the_process(tmp_path: Path) -> None:
    first = Sandbox(state=tmp_path)
    reply = first.log_in()
    second = Sandbox(state=tmp_path)
    second.token = reply["access_token"]
    assert second.data("{ shop { name } }")
    renewed = second.refresh(reply["refresh_token"]).json["refresh_token"]
    third = Sandbox(state=tmp_path)
    assert third.refresh(reply["refresh_token"]).status_code == 200
    assert third.refresh(renewed).status_code == 400
    assert (tmp_path / "sandbox.json").stat().st_mode & 0o077 == 0


def test_a_damaged_state_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text("{", "utf-8")
    with pytest.raises(SystemExit, match=r"sandbox\.json is damaged"):
        Sandbox(state=tmp_path)


def test_two_shops_do_not_share_tokens() -> None:
    sandbox = logged_in()
    assert sandbox.post("{ shop { name } }", shop="other.myshopify.com").status_code == 401


def test_foreign_host_names_do_not_reach_the_sandbox() -> None:
    assert Sandbox().web.get("/", headers={"Host": "evil.example"}).status_code == 400
