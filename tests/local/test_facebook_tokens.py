"""How the sandbox Facebook knows a token: proof, debug_token, what is kept of it."""

from pathlib import Path

import pytest

from local.facebook.signing import appsecret_proof, is_proof
from tests.local.facebook_client import (
    APP,
    APP_TOKEN,
    ASTRID,
    CAFE,
    DAY,
    HOUR,
    SCOPE,
    WHOLE,
    Facebook,
    error_of,
)

# The published ones: php-graph-sdk, mobolic/facebook-sdk, restfb, fbmessenger.
PROOFS = [
    ("foo_token", "foo_secret", "df4256903ba4e23636cc142117aa632133d75c642bd2a68955be1443bd14deb9"),
    ("123|foo_secret", "foo_secret", "de753c58fd58b03afca2340bbaeb4ecf987b5de4c09e39a63c944dd25efbc234"),
    ("abc123", "xyz789", "4dad02ff1693df832f9c183fe400fc4f601360be06514acb4a73edb783eec345"),
    ("test", "test", "88cd2108b5347d973cf39cdf9053d7dd42704876d8c9a9bd8e2d168259d3ddf7"),
    (
        "helloWorld",
        "PRIE7$oG2uS-Yf17kEnUEpi5hvW/#AFo",
        "cb064987988fcd658470d6a24f1c68f6d7982c80ab9efb08cb8c84ef88fd03e1",
    ),
    ("12345678", "12345678", "e220691b3e23647fc17c4b282bb469ac77fbadb8f5c77898294e42de95add560"),
]


class TestProof:
    @pytest.mark.parametrize(("token", "secret", "expected"), PROOFS)
    def test_it_is_made_as_published(self, token: str, secret: str, expected: str) -> None:
        assert appsecret_proof(token, secret) == expected

    def test_the_time_stamped_form_is_good_for_five_minutes(self) -> None:
        stamped = "3a7876b8be7ac378e1d8f0c9aa6f39831d7601f7a96a6d11b72aebf8acffcb23"
        assert is_proof(stamped, "foo_token", "foo_secret", "1700000000", 1_700_000_299)
        assert not is_proof(stamped, "foo_token", "foo_secret", "1700000000", 1_700_000_301)
        assert not is_proof(stamped, "foo_token", "foo_secret", None, 1_700_000_000)

    def test_a_call_without_one_or_with_a_wrong_one_is_refused(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        headers = {"Authorization": f"Bearer {token}"}
        missing = facebook.web.get("/graph/v26.0/me", headers=headers)
        wrong = facebook.web.get("/graph/v26.0/me?appsecret_proof=00", headers=headers)
        assert error_of(missing) == (100, None, "API calls from the server require an appsecret_proof argument")
        assert error_of(wrong) == (100, None, "Invalid appsecret_proof provided in the API argument")
        assert wrong.json is not None
        assert wrong.json["error"]["type"] == "GraphMethodException"

    def test_switched_off_it_may_be_left_out_but_not_be_wrong(self) -> None:
        facebook = Facebook(require_proof=False)
        headers = {"Authorization": f"Bearer {facebook.long_token()}"}
        assert facebook.web.get("/graph/v26.0/me", headers=headers).status_code == 200
        assert facebook.web.get("/graph/v26.0/me?appsecret_proof=00", headers=headers).status_code == 400


class TestDebugToken:
    def test_it_tells_all_about_a_user_token(self) -> None:
        facebook = Facebook()
        token = facebook.short_token(pages=[CAFE, WHOLE])
        granular = [{"scope": name, "target_ids": [CAFE, WHOLE]} for name in sorted(SCOPE.split(","))]
        found = facebook.debug(token)
        assert sorted(found.pop("granular_scopes"), key=lambda one: one["scope"]) == granular
        assert found == {
            "app_id": APP,
            "application": "Stockroom",
            "type": "USER",
            "data_access_expires_at": int(facebook.now) + 90 * DAY,
            "expires_at": (int(facebook.now) // HOUR + 2) * HOUR,
            "is_valid": True,
            "issued_at": int(facebook.now),
            "scopes": ["public_profile", "pages_show_list", "pages_read_engagement", "pages_manage_metadata"],
            "user_id": ASTRID,
        }

    def test_where_all_pages_were_granted_none_is_named(self) -> None:
        facebook = Facebook()
        token = facebook.long_token(choice="all")
        assert all("target_ids" not in one for one in facebook.debug(token)["granular_scopes"])
        assert len(facebook.names(token)) == 3

    def test_a_page_token_names_its_page_and_its_person(self) -> None:
        facebook = Facebook()
        found = facebook.debug(facebook.page_token(CAFE))
        assert (found["type"], found["profile_id"], found["user_id"]) == ("PAGE", CAFE, ASTRID)

    def test_it_can_be_asked_by_post_so_that_the_token_stays_out_of_the_address(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        reply = facebook.call("POST", "debug_token", APP_TOKEN, method="get", input_token=token)
        assert reply.json is not None
        assert reply.json["data"]["is_valid"] is True
        assert facebook.seen()[-1]["token_in_address"] is False
        facebook.debug(token)
        assert facebook.seen()[-1]["token_in_address"] is True

    def test_only_the_app_may_ask(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        assert facebook.error("GET", "debug_token", token, input_token=token)[0] == 100

    def test_another_apps_token_is_refused(self) -> None:
        facebook = Facebook()
        tokens = facebook.web.get("/_sandbox/tokens?reveal=1").json
        assert tokens is not None
        foreign = next(one["value"] for one in tokens if one["kind"] == "OTHER_APP")
        said = "(#100) The App_id in the input_token did not match the Viewing App"
        assert facebook.error("GET", "debug_token", APP_TOKEN, input_token=foreign) == (100, None, said)
        assert facebook.error("GET", "me", foreign)[2] == "Invalid appsecret_proof provided in the API argument"

    def test_an_unknown_token_is_just_not_valid(self) -> None:
        assert Facebook().debug("EAASnonsense")["is_valid"] is False


def test_grants_tokens_and_edits_outlive_the_process(tmp_path: Path) -> None:
    first = Facebook(tmp_path)
    token = first.long_token(pages=[CAFE])
    first.control(f"pages/{CAFE}", phone="+46 1")
    again = Facebook(tmp_path)
    assert again.names(token) == [CAFE]
    assert again.ok("GET", CAFE, again.page_token(CAFE, token), fields="phone")["phone"] == "+46 1"
    assert (tmp_path / "facebook.json").stat().st_mode & 0o077 == 0
    other = Facebook(tmp_path, app_id="5")
    assert other.world.pages[CAFE].fields["phone"] == "+46 1"
    assert not [one for one in other.world.kept.book.tokens.values() if one.app_id == APP]


def test_secrets_are_listed_only_on_demand() -> None:
    facebook = Facebook()
    token = facebook.page_token(CAFE)
    assert token not in facebook.web.get("/_sandbox/tokens").text
    revealed = facebook.web.get("/_sandbox/tokens?reveal=1").json
    assert revealed is not None
    assert {one["kind"] for one in revealed} == {"APP", "CODE", "USER", "PAGE", "OTHER_APP"}
    assert token in [one["value"] for one in revealed]
