"""The Graph API of the sandbox Facebook: lists, Page nodes, permissions, the protocol."""

import contextlib
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis.strategies import text

from local.facebook.errors import GraphError
from local.facebook.field_syntax import parse
from local.facebook.page_fields import FIELDS, SUBSCRIBABLE
from tests.local.facebook_client import (
    APP,
    APP_TOKEN,
    ASTRID,
    BENEDIKT,
    CAFE,
    CARMEN,
    CLEARED,
    DAY,
    EMMA,
    FARID,
    GRETA,
    SCOPE,
    WHOLE,
    Facebook,
    error_of,
    proof,
    query_of,
)

CORE = (
    "id,name,username,link,about,description,category,category_list{id,name},phone,emails,website,single_line_address,"
    "location,hours,is_always_open,is_published,is_permanently_closed,temporary_status,verification_status,fan_count,"
    "followers_count,has_transitioned_to_new_page_experience,cover{id,source},picture{url,is_silhouette,cache_key}"
)
PORTFOLIO = f"{SCOPE},business_management"


class TestList:
    def test_an_item_has_a_token_and_tasks_unless_other_fields_are_asked(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        first, second, _ = facebook.ok("GET", "me/accounts", token)["data"]
        assert set(first) == {"access_token", "category", "category_list", "name", "id", "tasks"}
        assert "PROFILE_PLUS_FULL_CONTROL" in first["tasks"]
        assert "MANAGE" in second["tasks"]
        assert facebook.ok("GET", "me", first["access_token"])["id"] == CAFE
        some = facebook.ok("GET", f"{ASTRID}/accounts", token, fields="name,phone")["data"]
        assert some[1] == {"name": "Rösterei Nordlicht", "id": CLEARED}

    def test_120_pages_come_in_parts(self) -> None:
        facebook = Facebook()
        token = facebook.long_token(BENEDIKT)
        part = facebook.ok("GET", "me/accounts", token, summary="total_count")
        assert len(part["data"]) == 25
        assert part["summary"] == {"total_count": 120}
        assert len(facebook.ok("GET", "me/accounts", token, limit="500")["data"]) == 100
        assert len(set(facebook.names(token, limit="7"))) == 120
        back = facebook.ok("GET", "me/accounts", token, limit="5", before=part["paging"]["cursors"]["after"])
        assert [one["id"] for one in back["data"]] == [one["id"] for one in part["data"]][-6:-1]

    def test_a_part_may_be_empty_although_more_follow(self) -> None:
        facebook = Facebook()
        last = facebook.world.pages_of(facebook.world.people[BENEDIKT].id)[-1].id
        token = facebook.long_token(BENEDIKT, pages=[last])
        part = facebook.ok("GET", "me/accounts", token, limit="50")
        assert part["data"] == []
        assert "next" in part["paging"]
        assert facebook.names(token, limit="50") == [last]

    def test_following_next_literally_works_and_is_seen(self) -> None:
        facebook = Facebook()
        token = facebook.long_token(BENEDIKT)
        following = facebook.ok("GET", "me/accounts", token, limit="100")["paging"]["next"]
        assert query_of(following)["access_token"] == token
        parts = urlsplit(following)
        assert len((facebook.web.get(f"{parts.path}?{parts.query}").json or {})["data"]) == 20
        assert [one["token_in_address"] for one in facebook.seen()[-2:]] == [False, True]

    @pytest.mark.parametrize("params", [{"after": "xyz"}, {"after": "QVFIOTk5"}, {"before": "é"}])
    def test_a_stale_cursor_is_refused(self, params: dict[str, str]) -> None:
        facebook = Facebook()
        assert facebook.error("GET", "me/accounts", facebook.long_token(), **params)[0] == 2642

    def test_a_limit_must_be_a_number(self) -> None:
        facebook = Facebook()
        assert facebook.error("GET", "me/accounts", facebook.long_token(), limit="0")[0] == 100

    def test_a_portfolios_pages_are_missing_without_an_error(self) -> None:
        facebook = Facebook()
        token = facebook.long_token(CARMEN)
        assert facebook.ok("GET", "me/accounts", token)["data"] == []
        named = facebook.debug(token)["granular_scopes"][0]["target_ids"]
        assert len(named) == 2
        for page in named:
            found = facebook.ok("GET", page, token, fields="id,name,category,access_token,tasks")
            assert facebook.ok("GET", "me", found["access_token"])["id"] == page

    def test_with_business_management_they_are_listed_and_their_owner_is_told(self) -> None:
        facebook = Facebook()
        token = facebook.long_token(CARMEN, scope=PORTFOLIO, ticked=PORTFOLIO)
        assert len(facebook.names(token)) == 2
        page = facebook.names(token)[0]
        assert facebook.ok("GET", page, token, fields="business")["business"]["name"] == "Grupo Ruiz"
        plain = Facebook()
        assert plain.error("GET", page, plain.long_token(CARMEN), fields="business")[0] == 200

    def test_the_list_may_be_short_or_empty(self) -> None:
        facebook = Facebook()
        assert len(facebook.names(facebook.long_token(GRETA))) == 1
        assert facebook.ok("GET", "me/accounts", facebook.long_token(EMMA)) == {"data": []}

    def test_a_page_without_a_role_comes_without_a_token(self) -> None:
        facebook = Facebook()
        data = facebook.ok("GET", "me/accounts", facebook.long_token(FARID))["data"]
        assert [("access_token" in one, one.get("tasks", [])) for one in data] == [
            (True, ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]),
            (True, ["ADVERTISE", "ANALYZE"]),
            (False, []),
        ]

    def test_without_pages_show_list_there_is_no_list(self) -> None:
        facebook = Facebook()
        assert facebook.error("GET", "me/accounts", facebook.long_token(ticked="email"))[0] == 200

    def test_me_expands_to_pages_and_permissions(self) -> None:
        facebook = Facebook()
        fields = "first_name,email,permissions,accounts.limit(2){name}"
        found = facebook.ok("GET", "me", facebook.long_token(), fields=fields)
        assert found["first_name"] == "Astrid"
        assert "email" not in found
        assert [one["id"] for one in found["accounts"]["data"]] == [CAFE, CLEARED]
        assert found["permissions"]["data"][0] == {"permission": "public_profile", "status": "granted"}


class TestPage:
    def test_a_page_tells_what_it_has_and_leaves_out_the_rest(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        whole = facebook.ok("GET", CAFE, facebook.page_token(CAFE, user), fields=CORE)
        cleared = facebook.ok("GET", CLEARED, facebook.page_token(CLEARED, user), fields=CORE)
        assert whole["about"] == "Kardemummabullar och nybryggt kaffe vid Årstaviken."
        assert whole["category_list"][0] == {"id": "197871390225897", "name": "Coffee shop"}
        assert whole["hours"]["sat_2_close"] == "16:00"
        assert (cleared["is_published"], cleared["fan_count"]) == (False, 0)
        assert not {"phone", "description", "about", "emails", "hours", "cover", "username"} & set(cleared)

    def test_without_fields_it_tells_name_and_id(self) -> None:
        facebook = Facebook()
        assert facebook.ok("GET", WHOLE, facebook.page_token(WHOLE)) == {"name": "Stockholm Bean Market", "id": WHOLE}

    def test_every_field_that_is_left_can_be_asked_for(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(WHOLE, facebook.long_token(scope=PORTFOLIO, ticked=PORTFOLIO))
        assert len(FIELDS) == 149
        assert len(facebook.ok("GET", WHOLE, token, fields=",".join(sorted(FIELDS)))) > 75

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ("id,nativeoffers", "nonexisting field (nativeoffers) on node type (Page)"),
            ("genre", "nonexisting field (genre) on node type (Page)"),
            ("parking{lot}", "nonexisting field (parking) on node type (Page)"),
            ("tasks", "nonexisting field (tasks) on node type (Page)"),
            ("location{city,moon}", "nonexisting field (moon) on node type (Location)"),
            ("name{first}", "Subfields are not supported by name"),
        ],
    )
    def test_one_field_that_does_not_exist_fails_the_whole_call(self, fields: str, words: str) -> None:
        facebook = Facebook()
        code, _, said = facebook.error("GET", CLEARED, facebook.page_token(CLEARED), fields=fields)
        assert code == 100
        assert words in said

    @pytest.mark.parametrize("fields", ["id,", "id{", "id}", "a{b", ",", "a.b{"])
    def test_broken_syntax_is_told_with_its_place(self, fields: str) -> None:
        facebook = Facebook()
        code, _, said = facebook.error("GET", CLEARED, facebook.page_token(CLEARED), fields=fields)
        assert code == 2500
        assert "at character" in said

    def test_a_new_page_wants_its_own_token_for_more_than_its_name(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        assert facebook.ok("GET", CAFE, user, fields="name,category,tasks")["category"] == "Coffee shop"
        assert facebook.error("GET", CAFE, user, fields="phone")[:2] == (190, 2069032)
        assert facebook.ok("GET", WHOLE, user, fields="phone")["phone"]

    def test_a_page_that_was_not_picked_is_closed(self) -> None:
        facebook = Facebook()
        user = facebook.long_token(pages=[WHOLE])
        assert facebook.error("GET", CLEARED, user)[0] == 10
        assert facebook.error("GET", CLEARED, facebook.page_token(WHOLE, user))[0] == 10
        assert facebook.error("GET", CLEARED, APP_TOKEN)[0] == 10
        assert facebook.error("GET", "104810000009999", user)[:2] == (100, 33)

    def test_what_was_not_granted_cannot_be_read(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(CLEARED, facebook.long_token(ticked="pages_show_list"))
        assert facebook.ok("GET", CLEARED, token, fields="name,link")["link"] == f"https://www.facebook.com/{CLEARED}"
        assert facebook.error("GET", CLEARED, token, fields="phone")[0] == 10

    def test_who_may_not_moderate_may_not_read(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(WHOLE, facebook.long_token(FARID))
        assert facebook.error("GET", WHOLE, token, fields="phone")[0] == 200

    def test_image_addresses_differ_each_time_and_what_they_show_does_not(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(CAFE)
        one, two = (facebook.ok("GET", CAFE, token, fields="cover{id,source},picture{url,cache_key}") for _ in "12")
        assert one["cover"]["id"] == two["cover"]["id"]
        assert one["picture"]["data"]["cache_key"] == two["picture"]["data"]["cache_key"]
        addresses = {
            one["cover"]["source"],
            two["cover"]["source"],
            one["picture"]["data"]["url"],
            two["picture"]["data"]["url"],
        }
        assert len(addresses) == 4
        for address in addresses:
            assert int(query_of(address)["oe"], 16) > facebook.now
            assert _image(facebook, address) == 200
            assert _image(facebook, address.replace("oe=", "oe=7")) == 403
        facebook.now += 6 * DAY
        assert {_image(facebook, address) for address in addresses} == {403}

    def test_another_picture_has_another_key(self) -> None:
        facebook = Facebook()
        token = facebook.page_token(CLEARED)
        before = facebook.ok("GET", CLEARED, token, fields="picture{cache_key,is_silhouette}")["picture"]["data"]
        facebook.web.post(f"/pages/{CLEARED}/picture")
        after = facebook.ok("GET", f"{CLEARED}/picture", token, redirect="0", fields="cache_key,is_silhouette")["data"]
        assert before["cache_key"] != after["cache_key"]
        assert (before["is_silhouette"], after["is_silhouette"]) == (True, False)

    def test_the_picture_edge_leads_to_the_image(self) -> None:
        facebook = Facebook()
        reply = facebook.call("GET", f"{CAFE}/picture", facebook.page_token(CAFE), type="large")
        assert reply.status_code == 302
        assert _image(facebook, reply.headers["Location"]) == 200


class TestPermissions:
    def test_one_can_be_taken_back(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        assert facebook.ok("DELETE", "me/permissions/pages_manage_metadata", token) == {"success": True}
        found = facebook.ok("GET", "me/permissions", token)["data"]
        assert {"permission": "pages_manage_metadata", "status": "declined"} in found

    def test_taking_all_back_removes_the_app(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        facebook.ok("DELETE", f"{ASTRID}/permissions", token)
        assert facebook.error("GET", "me", token)[:2] == (190, 458)

    def test_nobody_sees_anybody_else(self) -> None:
        facebook = Facebook()
        assert facebook.error("GET", BENEDIKT, facebook.long_token())[:2] == (100, 33)


class TestProtocol:
    def test_versions_answer_as_long_as_they_live(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        assert facebook.call("GET", "me", token).headers["facebook-api-version"] == "v26.0"
        old = facebook.call("GET", "me", token, version="v19.0")
        assert old.headers["facebook-api-version"] == "v21.0"
        assert "auto-upgraded to v21.0" in old.headers["X-Ad-Api-Version-Warning"]
        assert error_of(facebook.call("GET", "me", token, version="v27.0"))[0::2] == (
            2500,
            "Unknown path components: /v27.0/me",
        )
        unversioned = facebook.web.get(
            "/graph/me", headers={"Authorization": f"Bearer {token}"}, query_string={"appsecret_proof": proof(token)}
        )
        assert unversioned.status_code == 200

    def test_without_a_token_a_living_version_says_so(self) -> None:
        assert Facebook().error("GET", "me", "")[0::2] == (
            2500,
            "An active access token must be used to query information about the current user.",
        )

    @pytest.mark.parametrize(("path", "params"), [("me", {"date_format": "U"}), ("", {"ids": f"{CAFE},{CLEARED}"})])
    def test_what_was_taken_away_is_an_error(self, path: str, params: dict[str, str]) -> None:
        facebook = Facebook()
        assert facebook.error("GET", path, facebook.long_token(), **params)[0] == 100

    def test_nothing_is_conditional_any_more(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        headers = {"Authorization": f"Bearer {token}", "If-None-Match": "*"}
        reply = facebook.web.get(f"/graph/v26.0/me?appsecret_proof={proof(token)}&pretty=1&debug=all", headers=headers)
        assert reply.status_code == 200
        assert "ETag" not in reply.headers

    @pytest.mark.parametrize(
        ("method", "path", "code"),
        [
            ("POST", "me", 100),
            ("GET", "me/feed", 100),
            ("GET", "oauth/nothing", 100),
            ("GET", "", 2500),
            ("GET", "me/a/b", 2500),
        ],
    )
    def test_what_does_not_exist_is_told_as_an_error(self, method: str, path: str, code: int) -> None:
        facebook = Facebook()
        assert facebook.error(method, path, facebook.long_token())[0] == code

    @pytest.mark.parametrize(("token", "words"), [("EAASnonsense", "Cannot parse"), (f"{APP}|wrong", "signature")])
    def test_a_token_that_is_none_is_refused(self, token: str, words: str) -> None:
        code, subcode, said = Facebook().error("GET", "me/accounts", token)
        assert (code, subcode) == (190, None)
        assert words in said

    def test_the_app_tells_its_name(self) -> None:
        facebook = Facebook()
        assert facebook.ok("GET", APP, APP_TOKEN) == {"id": APP, "name": "Stockroom"}
        assert facebook.error("GET", APP, APP_TOKEN, fields="secret")[0] == 100
        assert facebook.error("GET", "me", APP_TOKEN)[0] == 2500

    @given(text(alphabet="id.name(){},' \u00e9", max_size=30))
    def test_fields_are_read_or_refused_whatever_they_are(self, fields: str) -> None:
        with contextlib.suppress(GraphError):  # anything else would be a crash
            assert parse(fields)

    def test_non_ascii_is_escaped_on_the_wire(self) -> None:
        facebook = Facebook()
        assert b"Caf\\u00e9" in facebook.call("GET", CAFE, facebook.page_token(CAFE)).data


def test_requests_are_remembered_without_their_secrets() -> None:
    facebook = Facebook()
    token = facebook.long_token()
    facebook.web.get(f"/graph/v26.0/me?access_token={token}&appsecret_proof={proof(token)}")
    facebook.batch(
        token, [{"method": "GET", "relative_url": f"me?access_token={token}&appsecret_proof={proof(token)}"}]
    )
    facebook.call("GET", f"{token}/accounts", token)
    text = facebook.web.get("/_sandbox/requests").text
    assert token not in text
    assert "app-secret" not in text
    query, batch = facebook.seen()[-3:-1]
    assert (query["path"], query["token_in_address"]) == ("/graph/v26.0/me", True)
    assert (batch["operation"], batch["batch"], batch["entries"][0]["path"]) == ("batch", 1, "me")
    assert len(SUBSCRIBABLE) == 106


def _entry(page: str, token: str, **params: str) -> dict[str, str]:
    sent = {"access_token": token, "appsecret_proof": proof(token), **params}
    return {"method": "GET", "relative_url": f"v26.0/{page}?{urlencode(sent)}"}


def _image(facebook: Facebook, address: str) -> int:
    parts = urlsplit(address)
    return facebook.web.get(f"{parts.path}?{parts.query}").status_code
