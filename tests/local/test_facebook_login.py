"""The dialog, codes and tokens of the sandbox Facebook."""

import re

import pytest

from tests.local.facebook_client import (
    APP,
    APP_TOKEN,
    ASTRID,
    BENEDIKT,
    CARMEN,
    CLEARED,
    DAY,
    DMITRI,
    EMMA,
    HOUR,
    REDIRECT,
    SCOPE,
    WHOLE,
    Facebook,
    error_of,
)


class TestDialog:
    def test_a_person_says_who_they_are_and_sees_their_pages_ticked(self) -> None:
        facebook = Facebook()
        assert "Astrid Sjöberg" in facebook.dialog().text
        page = facebook.dialog(ASTRID).text
        assert "Kaffe &amp; Kakor ☕" in page
        assert len(re.findall(r'name="page" value="\d+" checked', page)) == 3
        assert len(re.findall(r'name="page"', facebook.dialog(BENEDIKT).text)) == 120
        assert "no Page on which you have a role" in facebook.dialog(EMMA).text

    def test_pages_load_nothing_from_elsewhere_and_run_no_script(self) -> None:
        facebook = Facebook()
        for reply in (facebook.dialog(), facebook.dialog(ASTRID), facebook.web.get("/")):
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
            assert reply.headers["Referrer-Policy"] == "no-referrer"
            assert not re.findall(r'(?:src|href)="(?:https?:)?//', reply.text)
            assert "<script" not in reply.text

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"client_id": "1"}, "Invalid App ID"),
            ({"redirect_uri": f"{REDIRECT}/"}, "URL Blocked"),
            ({"redirect_uri": f"{REDIRECT}?a=1"}, "URL Blocked"),
            ({"scope": "pages_show_list,read_mind"}, "Invalid Scopes"),
            ({"state": ""}, "state is missing"),
            ({"response_type": "token"}, "response_type"),
            ({"config_id": "x"}, "Invalid configuration"),
        ],
    )
    def test_a_wrong_question_is_told_on_a_page_and_redirects_nowhere(
        self, changed: dict[str, str], words: str
    ) -> None:
        reply = Facebook().dialog(**changed)
        assert reply.status_code == 400
        assert words in reply.text
        assert "Location" not in reply.headers

    def test_a_version_that_never_was_has_no_dialog(self) -> None:
        assert Facebook().dialog(version="v27.0").status_code == 400
        assert Facebook().dialog(version="v19.0").status_code == 200  # forwarded, since it has ended

    def test_continue_brings_a_code_and_the_state_back(self) -> None:
        back = Facebook().decide(state="a&b=c d")
        assert set(back) == {"code", "state"}
        assert back["state"] == "a&b=c d"

    def test_cancel_brings_the_documented_refusal_back(self) -> None:
        assert Facebook().decide(decision="cancel") == {
            "error": "access_denied",
            "error_reason": "user_denied",
            "error_description": "Permissions error",
            "state": "nonce",
        }

    @pytest.mark.parametrize(
        ("kind", "field"), [("denied", "error"), ("denied_200", "error_code"), ("error_message", "error_message")]
    )
    def test_a_refusal_on_demand_comes_in_each_of_its_shapes(self, kind: str, field: str) -> None:
        facebook = Facebook()
        facebook.fault(where="dialog", kind=kind)
        reply = facebook.dialog()
        assert reply.status_code == 302
        assert f"{field}=" in reply.headers["Location"]
        assert "state=nonce" in reply.headers["Location"]
        assert facebook.dialog().status_code == 200

    def test_what_was_declined_is_asked_again_only_if_the_app_says_so(self) -> None:
        facebook = Facebook()
        assert 'value="pages_manage_metadata"' not in facebook.dialog(DMITRI).text
        assert 'value="pages_manage_metadata"' in facebook.dialog(DMITRI, auth_type="rerequest").text
        token = facebook.short_token(DMITRI)
        assert _statuses(facebook, token)["pages_manage_metadata"] == "declined"
        token = facebook.short_token(DMITRI, auth_type="rerequest")
        assert _statuses(facebook, token)["pages_manage_metadata"] == "granted"

    def test_declining_one_declines_what_needs_it(self) -> None:
        facebook = Facebook()
        scope = f"{SCOPE},pages_messaging"
        token = facebook.short_token(scope=scope, ticked="pages_show_list,pages_read_engagement,pages_messaging")
        assert _statuses(facebook, token) == {
            "public_profile": "granted",
            "pages_show_list": "granted",
            "pages_read_engagement": "granted",
            "pages_manage_metadata": "declined",
            "pages_messaging": "declined",
        }

    def test_of_a_configuration_nothing_can_be_declined(self) -> None:
        facebook = Facebook(business_app=True, config_id="77")
        assert facebook.dialog().status_code == 400  # a business app without its configuration
        assert 'name="permission"' not in facebook.dialog(ASTRID, config_id="77").text
        token = facebook.short_token(config_id="77", ticked="")
        assert set(_statuses(facebook, token).values()) == {"granted"}
        assert facebook.dialog(config_id="78").status_code == 400

    def test_the_callback_lists_scopes_when_asked_to(self) -> None:
        back = Facebook().decide(ticked="pages_show_list", return_scopes="true")
        assert back["granted_scopes"] == "public_profile,pages_show_list"
        assert back["denied_scopes"] == "pages_read_engagement,pages_manage_metadata"


class TestCodes:
    def test_a_code_gives_a_token_for_an_hour_or_two(self) -> None:
        facebook = Facebook()
        reply = facebook.redeem(facebook.decide()["code"]).json
        assert reply is not None
        assert reply["token_type"] == "bearer"
        assert HOUR < reply["expires_in"] <= 2 * HOUR
        assert re.fullmatch(r"EAAS[A-Za-z0-9]{180}", reply["access_token"])

    def test_it_works_by_get_as_well(self) -> None:
        facebook = Facebook()
        sent = {
            "client_id": APP,
            "client_secret": "app-secret",
            "redirect_uri": REDIRECT,
            "code": facebook.decide()["code"],
        }
        assert facebook.web.get("/graph/v26.0/oauth/access_token", query_string=sent).status_code == 200
        assert facebook.seen()[-1]["token_in_address"] is True

    def test_a_code_works_once(self) -> None:
        facebook = Facebook()
        code = facebook.decide()["code"]
        assert facebook.redeem(code).status_code == 200
        assert error_of(facebook.redeem(code)) == (100, None, "(#100) This authorization code has been used.")

    def test_a_code_ages_within_minutes(self) -> None:
        facebook = Facebook()
        code = facebook.decide()["code"]
        facebook.now += 601
        assert error_of(facebook.redeem(code))[0::2] == (100, "(#100) This authorization code has expired.")

    def test_another_redirect_address_does_not_use_the_code_up(self) -> None:
        facebook = Facebook()
        code = facebook.decide()["code"]
        assert "redirect_uri is identical" in error_of(facebook.redeem(code, redirect_uri=f"{REDIRECT}/"))[2]
        assert facebook.redeem(code).status_code == 200

    @pytest.mark.parametrize(
        ("changed", "code", "words"),
        [
            ({"client_secret": "wrong"}, 1, "client secret"),
            ({"client_secret": ""}, 1, "client_secret"),
            ({"client_id": "99"}, 101, "application"),
            ({"client_id": ""}, 101, "client_id"),
            ({"redirect_uri": ""}, 191, "redirect_uri"),
            ({"redirect_uri": "facebook/callback"}, 191, "redirect_uri"),
            ({"code": "AQ-unknown"}, 100, "verification code"),
            ({"code": ""}, 100, "code"),
            ({"grant_type": "password"}, 100, "grant_type"),
        ],
    )
    def test_each_mistake_has_its_code(self, changed: dict[str, str], code: int, words: str) -> None:
        facebook = Facebook()
        found = error_of(facebook.exchange(**({"code": facebook.decide()["code"], "redirect_uri": REDIRECT} | changed)))
        assert found[0] == code
        assert words in found[2]


class TestTokens:
    def test_a_short_token_becomes_a_long_one(self) -> None:
        facebook = Facebook()
        short = facebook.short_token()
        reply = facebook.exchange(grant_type="fb_exchange_token", fb_exchange_token=short).json
        assert reply is not None
        assert reply["expires_in"] == 5_183_944
        facebook.now += 3 * HOUR
        assert facebook.error("GET", "me", short)[:2] == (190, 463)
        assert facebook.ok("GET", "me", reply["access_token"]) == {"name": "Astrid Sjöberg", "id": ASTRID}

    def test_an_expired_token_cannot_be_exchanged(self) -> None:
        facebook = Facebook()
        short = facebook.short_token()
        facebook.now += 3 * HOUR
        assert error_of(facebook.exchange(grant_type="fb_exchange_token", fb_exchange_token=short))[:2] == (190, 463)

    def test_expires_in_may_be_missing_and_then_the_token_never_expires(self) -> None:
        facebook = Facebook(long_tokens_expire=False)
        sent = {"grant_type": "fb_exchange_token", "fb_exchange_token": facebook.short_token()}
        reply = facebook.exchange(**sent).json
        assert reply is not None
        assert set(reply) == {"access_token", "token_type"}
        assert facebook.debug(reply["access_token"])["expires_at"] == 0
        once = Facebook()
        once.fault(where="token", kind="no_expiry")
        assert "expires_in" not in (once.redeem(once.decide()["code"]).json or {})
        assert "expires_in" in (once.redeem(once.decide()["code"]).json or {})

    def test_page_tokens_live_as_their_user_token_does(self) -> None:
        facebook = Facebook()
        short, long = facebook.short_token(), facebook.long_token()
        passing, lasting = facebook.page_token(CLEARED, short), facebook.page_token(CLEARED, long)
        assert facebook.debug(passing)["expires_at"] == facebook.debug(short)["expires_at"]
        assert facebook.debug(lasting)["expires_at"] == 0
        facebook.now += 70 * DAY
        assert facebook.error("GET", "me", passing)[:2] == (190, 463)
        assert facebook.error("GET", "me", long)[:2] == (190, 463)
        assert facebook.ok("GET", "me", lasting) == {"name": "Rösterei Nordlicht", "id": CLEARED}

    def test_fewer_pages_at_the_next_login_end_the_tokens_of_the_others(self) -> None:
        facebook = Facebook()
        first = facebook.long_token()
        dropped, kept = facebook.page_token(CLEARED, first), facebook.page_token(WHOLE, first)
        facebook.long_token(pages=[WHOLE])
        assert facebook.error("GET", "me", dropped)[:2] == (190, 467)
        assert facebook.ok("GET", "me", kept)["id"] == WHOLE
        assert facebook.names(first) == [WHOLE]
        facebook.long_token()
        assert facebook.error("GET", "me", dropped)[:2] == (190, 467)
        assert facebook.ok("GET", "me", facebook.page_token(CLEARED, first))["id"] == CLEARED

    @pytest.mark.parametrize(("act", "subcode"), [("remove", 458), ("password", 460), ("checkpoint", 459)])
    def test_what_happens_to_a_person_ends_their_tokens(self, act: str, subcode: int) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        page_token = facebook.page_token(CLEARED, token)
        facebook.control(f"people/{ASTRID}/{act}")
        for one in (token, page_token):
            assert facebook.error("GET", "me", one)[:2] == (190, subcode)
            assert facebook.debug(one)["error"]["subcode"] == subcode

    def test_after_a_checkpoint_the_same_token_works_again(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        facebook.control(f"people/{ASTRID}/checkpoint")
        facebook.control(f"people/{ASTRID}/checkpoint")
        assert facebook.ok("GET", "me", token)["id"] == ASTRID

    def test_a_lost_role_ends_that_pages_tokens(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        lost, other = facebook.page_token(CLEARED, user), facebook.page_token(WHOLE, user)
        facebook.web.post(f"/people/{ASTRID}/roles/{CLEARED}")
        assert facebook.error("GET", "me", lost)[:2] == (190, 492)
        assert facebook.ok("GET", "me", other)["id"] == WHOLE
        assert CLEARED not in facebook.names(user)

    def test_the_app_has_a_token_of_its_own(self) -> None:
        reply = Facebook().exchange(grant_type="client_credentials").json
        assert reply == {"access_token": APP_TOKEN, "token_type": "bearer"}


def test_a_persons_granted_pages_stay_ticked_at_the_next_login() -> None:
    facebook = Facebook()
    facebook.long_token(pages=[WHOLE])
    assert re.findall(r'name="page" value="(\d+)" checked', facebook.dialog(ASTRID).text) == [WHOLE]


def test_a_portfolios_pages_are_offered_like_others() -> None:
    assert "Grupo Ruiz" in Facebook().dialog(CARMEN).text


def _statuses(facebook: Facebook, token: str) -> dict[str, str]:
    return {one["permission"]: one["status"] for one in facebook.ok("GET", "me/permissions", token)["data"]}
