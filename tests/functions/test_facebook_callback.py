"""facebook/callback when all goes well: what the owner sees, and what lies in the bucket afterwards."""

import json
from typing import Any
from urllib.parse import parse_qsl

from stockroom import settings
from stockroom.facebook.leaving import Farewell
from stockroom.outcome import Places
from stockroom.space import Space
from stockroom.vault import Vault
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.environment import FACEBOOK_APP_ID, FACEBOOK_SCOPES, FACEBOOK_WEBHOOK_ADDRESS
from tests.functions.facebook_sandbox import ASTRID, CAFE, CARMEN, CLEARED, FARID, GRETA, WHOLE, FacebookSandbox
from tests.functions.invoke import HTML
from tests.storage.wire import Wire

PAGES = [CAFE, CLEARED, WHOLE]
SUCCESS = {"status": "success"}


def test_the_answer_has_the_contracts_shape(facebook: FacebookSandbox) -> None:
    answer = facebook.login()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    tokens = [token for token in facebook.world.kept.book.tokens.values() if token.app_id == FACEBOOK_APP_ID]
    (long,) = [token.value for token in tokens if token.kind == "USER" and token.long]
    assert answer.body["token_data"] == {
        "access_token": f"••••••{long[-4:]}",
        "token_type": "bearer",
        "expires_in": 5183944,
    }
    assert answer.body["webhook_test"] == SUCCESS
    assert answer.body["polling_test"] == [{"page_id": page, "result": SUCCESS} for page in PAGES]
    uploaded = {**SUCCESS, "message": "Uploaded."}
    assert answer.body["upload_status_result"] == [{"page_id": page, "result": uploaded} for page in PAGES]
    shown = {page["id"]: page for page in answer.body["pages"]["data"]}
    assert list(shown) == PAGES
    assert shown[CAFE].pop("access_token").startswith("••••••")
    fields = facebook.world.pages[CAFE].fields
    assert shown[CAFE] == {"id": CAFE, **{name: fields[name] for name in ("name", "description", "category")}}
    assert shown[CLEARED]["description"] is None


def test_each_page_lies_in_the_bucket_with_all_of_its_metadata_and_no_token(
    facebook: FacebookSandbox, bucket: Space
) -> None:
    facebook.login()
    for page in PAGES:
        lies = stored(bucket, f"facebook/{page}/page_data.json")
        assert "access_token" not in lies
        assert lies["extensions"].keys() == {"apiVersion", "contentHash", "readAt", "snapshotId"}
    whole = stored(bucket, f"facebook/{WHOLE}/page_data.json")
    fields = facebook.world.pages[WHOLE].fields
    for name in ("name", "about", "description", "category", "phone", "emails", "website", "hours", "location"):
        assert whole[name] == fields[name]


def test_what_is_cleared_is_null_and_what_was_not_asked_is_not_there(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    cleared = stored(bucket, f"facebook/{CLEARED}/page_data.json")
    assert cleared["description"] is cleared["phone"] is cleared["hours"] is None
    assert cleared["fan_count"] == 0
    assert cleared["is_published"] is False
    assert "checkins" not in cleared


def test_nothing_but_snapshots_records_tokens_and_used_state_is_left(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    spent, *others = sorted(keys(bucket), key=lambda key: "/used/" not in key)
    assert spent.startswith(".stockroom/used/")
    sources = [*PAGES, f"user-{ASTRID}"]
    snapshots = {f"facebook/{page}/{name}.json" for page in PAGES for name in ("page_data", "freshness")}
    assert set(others) == snapshots | {
        f".stockroom/people/facebook/{ASTRID}.json",
        *(f".stockroom/tokens/facebook/{source}.json" for source in sources),
    }


def test_the_tokens_are_sealed_and_shown_nowhere(facebook: FacebookSandbox, functions: Functions, bucket: Space,
                                                 log: Log) -> None:  # fmt: skip
    answer = facebook.login()
    book, vault = facebook.world.kept.book, Vault(bucket, settings.token_keys(functions.environment))
    for page in PAGES:
        kept = book.tokens[opened(vault, page)["token"]]
        assert (kept.kind, kept.page, kept.ailment(facebook.world.clock())) == ("PAGE", page, None)
    person = opened(vault, f"user-{ASTRID}")
    assert book.tokens[person["token"]].long
    assert set(FACEBOOK_SCOPES.split(",")) <= set(person["scopes"])
    for key in keys(bucket):
        found = bucket.read(key)
        assert found is not None
        assert_no_secret(found.body.decode() + str(found.metadata), *facebook.issued)
    assert_no_secret(answer.text + log.text, *facebook.issued)


def test_no_token_stands_in_any_address(facebook: FacebookSandbox) -> None:
    facebook.login()
    seen = [record["token_in_address"] for record in facebook.world.requests if record["operation"] != "dialog"]
    assert seen
    assert not any(seen)


def test_a_second_login_with_unchanged_pages_uploads_nothing_and_says_so(
    facebook: FacebookSandbox, wire: Wire, log: Log, clock: Clock
) -> None:
    """The addresses of its pictures are new at every reading, and count for nothing."""
    facebook.login()
    clock.advance(60)
    wire.requests.clear()
    results = facebook.login().body["upload_status_result"]
    unchanged = {**SUCCESS, "message": "No upload needed: Data unchanged"}
    assert results == [{"page_id": page, "result": unchanged} for page in PAGES]
    assert {f"HEAD facebook/{page}/page_data.json" for page in PAGES} <= set(wire.requests)
    assert not [request for request in wire.requests if request.startswith("PUT") and "page_data" in request]
    assert log.text.count("No upload needed: Data unchanged") == 3


def test_only_the_page_that_changed_is_uploaded_again(facebook: FacebookSandbox, bucket: Space, clock: Clock) -> None:
    facebook.login()
    clock.advance(60)
    facebook.world.edit({CAFE: {"phone": "+46 8 000"}})
    results = {result["page_id"]: result["result"]["message"] for result in
               facebook.login().body["upload_status_result"]}  # fmt: skip
    unchanged = "No upload needed: Data unchanged"
    assert results == {CAFE: "Uploaded.", CLEARED: unchanged, WHOLE: unchanged}
    assert stored(bucket, f"facebook/{CAFE}/page_data.json")["phone"] == "+46 8 000"


def test_another_picture_is_a_change(facebook: FacebookSandbox, clock: Clock) -> None:
    facebook.login(pages=[CAFE])
    clock.advance(60)
    facebook.world.edit({CAFE: {"picture": 2}})
    (result,) = facebook.login(pages=[CAFE]).body["upload_status_result"]
    assert result["result"]["message"] == "Uploaded."


def test_the_record_says_that_the_page_is_fresh_and_complete(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    record = stored(bucket, f"facebook/{CAFE}/freshness.json")
    assert (record["complete"], record["lastError"], record["access"], record["counts"]) == (True, None, "ok",
                                                                                            {"pages": 1})  # fmt: skip


def test_a_login_with_fewer_pages_marks_the_others_and_deletes_nothing(
    facebook: FacebookSandbox, bucket: Space
) -> None:
    facebook.login()
    before = {key for key in keys(bucket) if "/used/" not in key}
    answer = facebook.login(pages=[CAFE])
    assert answer.body["pages"]["access_lost"] == [CLEARED, WHOLE]
    assert {key for key in keys(bucket) if "/used/" not in key} == before
    for page, access in ((CAFE, "ok"), (CLEARED, "lost"), (WHOLE, "lost")):
        assert stored(bucket, f"facebook/{page}/freshness.json")["access"] == access
    error = stored(bucket, f"facebook/{WHOLE}/freshness.json")["lastError"]
    assert "log in again and pick it" in error["message"]


def test_a_login_without_any_page_marks_those_of_the_one_before(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    assert facebook.login(pages=[]).status == 403
    for page in (CAFE, CLEARED, WHOLE):
        assert stored(bucket, f"facebook/{page}/freshness.json")["access"] == "lost"


def test_someone_who_can_do_less_does_not_replace_the_managers_token(
    facebook: FacebookSandbox, functions: Functions, bucket: Space
) -> None:
    vault = Vault(bucket, settings.token_keys(functions.environment))
    facebook.login(ASTRID)
    facebook.login(FARID)  # may only advertise on one of Astrid's Pages
    assert opened(vault, WHOLE)["user"] == ASTRID
    assert stored(bucket, f"facebook/{WHOLE}/freshness.json")["lastError"]


def test_a_deletion_finds_the_tokens_of_pages_that_were_dropped_before(
    facebook: FacebookSandbox, functions: Functions, bucket: Space
) -> None:
    facebook.login()
    facebook.login(pages=[CAFE])
    places = Places(bucket, bucket)
    vault = Vault(bucket, settings.token_keys(functions.environment))
    Farewell(places, vault, 0).delete(ASTRID)
    assert not [key for key in keys(bucket) if "/tokens/" in key]


def test_a_page_that_is_picked_again_is_fresh_again(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    facebook.login(pages=[CAFE])
    answer = facebook.login()
    assert "access_lost" not in answer.body["pages"]
    record = stored(bucket, f"facebook/{WHOLE}/freshness.json")
    assert (record["access"], record["lastError"]) == ("ok", None)


def test_another_persons_login_leaves_everybody_elses_pages_alone(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login(ASTRID)
    facebook.login(GRETA)
    assert stored(bucket, f"facebook/{CAFE}/freshness.json")["access"] == "ok"


def test_a_page_that_somebody_else_has_connected_since_is_not_lost_with_the_first_persons_login(
    facebook: FacebookSandbox, bucket: Space
) -> None:
    facebook.login(FARID)
    facebook.login(ASTRID)
    answer = facebook.login(FARID, ["104810000000601"])
    assert "access_lost" not in answer.body["pages"]
    assert stored(bucket, f"facebook/{WHOLE}/freshness.json")["access"] == "ok"


def test_pages_that_the_list_leaves_out_are_read_one_by_one(facebook: FacebookSandbox, bucket: Space) -> None:
    """All of Carmen's belong to a portfolio, and one of Greta's: the list is empty, or short, without an error."""
    for person, pages in ((CARMEN, ["104810000000301", "104810000000302"]),
                          (GRETA, ["104810000000701", "104810000000702"])):  # fmt: skip
        answer = facebook.login(person)
        assert [page["id"] for page in answer.body["pages"]["data"]] == pages
        for page in pages:
            assert stored(bucket, f"facebook/{page}/page_data.json")["name"] == facebook.world.pages[page].name


def test_a_page_on_which_the_person_may_do_nothing_is_named_with_the_reason(facebook: FacebookSandbox) -> None:
    answer = facebook.login(FARID)
    assert answer.body["pages"]["unreachable"].keys() == {CAFE}
    assert "has no role on this Page" in answer.body["pages"]["unreachable"][CAFE]
    assert answer.body["upload_status_result"][0]["result"]["status"] == "success"


def test_subscriptions_are_made_once_on_both_levels(facebook: FacebookSandbox) -> None:
    facebook.login()
    kept = facebook.world.kept
    app = kept.subscriptions["page"]
    assert (app.callback_url, app.include_values) == (FACEBOOK_WEBHOOK_ADDRESS, True)
    assert {"name", "description", "phone", "hours", "location"} <= set(app.fields)
    assert kept.page_subscriptions.keys() == set(PAGES)
    facebook.world.requests.clear()
    facebook.login()
    made = [record for record in facebook.world.requests if record["operation"] == "subscriptions"]
    assert [record["method"] for record in made] == ["GET"]
    entries = [entry for record in facebook.world.requests for entry in record.get("entries", ())]  # type: ignore[attr-defined]
    assert {entry["method"] for entry in entries} == {"GET"}


def test_the_handshake_and_a_signed_event_go_to_the_public_address_first(
    facebook: FacebookSandbox, bucket: Space, log: Log
) -> None:
    seen: list[tuple[str, Any]] = []
    to_function = facebook.own

    def own(request: Any) -> Any:
        answer = to_function(request)
        query = dict(parse_qsl(request.url.partition("?")[2]))
        seen.append((request.method, query.get("hub.mode") or [key for key in keys(bucket) if "/inbox/" in key]))
        return answer

    facebook.own = own
    facebook.login()
    (handshake, event, again) = seen
    assert handshake == again == ("GET", "subscribe")  # ours, and then Facebook's
    assert event[0] == "POST"
    assert len(event[1]) == 1
    assert event[1][0].startswith(".stockroom/inbox/facebook/0/")
    assert not [key for key in keys(bucket) if "/inbox/" in key]
    assert "Webhook test result: HTTP 200" in log.text


def test_a_browser_gets_a_page_with_a_badge_for_each_page(facebook: FacebookSandbox) -> None:
    answer = facebook.login(headers=HTML)
    assert (answer.status, answer.is_page) == (200, True)
    assert "<h1>Your Pages are connected</h1>" in answer.body
    assert answer.body.count("<span class='badge success'>") == 4
    assert f"Rösterei Nordlicht ({CLEARED})" in answer.body
    assert "Kaffe &amp; Kakor ☕" in answer.body
    assert_no_secret(answer.text, *facebook.issued)


def test_what_the_logins_address_asked_for_is_what_the_callback_answers(facebook: FacebookSandbox) -> None:
    login = facebook.begin("format=json")
    assert login.arrive(login.consent(), HTML).body["webhook_test"] == SUCCESS


def test_reloading_the_result_says_that_the_login_is_done(facebook: FacebookSandbox) -> None:
    login = facebook.begin()
    back = login.consent()
    assert "set-cookie" not in login.arrive(back).headers
    again = login.arrive(back)
    assert again.status == 409
    assert "has been completed already" in again.message


def test_permissions_that_were_declined_are_asked_for_again_and_then_it_works(facebook: FacebookSandbox) -> None:
    first = facebook.begin()
    refusal = first.arrive(first.consent(ticked="pages_show_list,pages_manage_metadata"))
    assert "Without pages_read_engagement" in refusal.message
    again = facebook.begin(refusal.body["login"].partition("?")[2])
    assert again.query["auth_type"] == "rerequest"
    assert again.arrive(again.consent()).body["webhook_test"] == SUCCESS


def opened(vault: Vault, source: str) -> Any:
    found = vault.read(f"facebook/{source}")
    assert found
    return json.loads(found[0])


def stored(space: Space, key: str) -> Any:
    """An object's JSON, which has to be clean UTF-8."""
    found = space.read(key)
    assert found is not None
    return json.loads(found.body.decode())


def keys(space: Space) -> list[str]:
    return [entry.key for entry in space.list("")]
