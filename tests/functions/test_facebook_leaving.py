"""facebook/deauthorize and facebook/deletion: a person takes the app away, or asks to be deleted."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from stockroom.space import Space
from tests.functions.conftest import Functions, assert_no_secret
from tests.functions.environment import FACEBOOK_SECRET, HOST
from tests.functions.facebook_sandbox import ASTRID, CAFE, CLEARED, FARID, WHOLE, FacebookSandbox
from tests.functions.invoke import HTML, Answer
from tests.storage.wire import Wire

PAGES = (CAFE, CLEARED, WHOLE)
FARIDS_OWN = "104810000000601"
BOTH = pytest.mark.parametrize("function", ["deauthorize", "deletion"])


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(content: Any, secret: str = FACEBOOK_SECRET) -> str:
    """The documented rule: the signature is made over the second part as it is sent."""
    payload = base64url(json.dumps(content).encode())
    return f"{base64url(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def content(**changes: Any) -> dict[str, Any]:
    return {"algorithm": "HMAC-SHA256", "user_id": ASTRID, "issued_at": 1795000000, **changes}


GOOD = signed(content())


def post(functions: Functions, function: str, text: str | None = GOOD, body: str | None = None) -> Answer:
    form = urlencode({"signed_request": text}) if text is not None else ""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return functions.web(f"facebook/{function}", method="POST", headers=headers, body=form if body is None else body)


def keys(space: Space) -> set[str]:
    return {entry.key for entry in space.list("") if "/used/" not in entry.key}


def access(space: Space, page: str) -> str:
    found = space.read(f"facebook/{page}/freshness.json")
    assert found
    record: dict[str, str] = json.loads(found.body)
    return record["access"]


def tokens(space: Space) -> set[str]:
    return {key for key in keys(space) if "/tokens/" in key}


def test_a_person_who_removes_the_app_leaves_their_pages_marked_and_no_token(
    facebook: FacebookSandbox, bucket: Space
) -> None:
    facebook.login()
    before = keys(bucket)
    told = facebook.control(f"people/{ASTRID}/remove")
    assert (told["status"], told["problem"]) == (200, "")
    assert [access(bucket, page) for page in PAGES] == ["lost"] * 3
    assert tokens(bucket) == set()
    assert keys(bucket) == {key for key in before if "/tokens/" not in key}


def test_after_a_new_login_all_is_as_before(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    before = keys(bucket)
    facebook.control(f"people/{ASTRID}/remove")
    assert facebook.login().status == 200
    assert [access(bucket, page) for page in PAGES] == ["ok"] * 3
    assert keys(bucket) == before


@pytest.mark.parametrize("act", ["remove", "delete"])
def test_a_page_that_somebody_else_has_connected_since_stays_theirs(
    facebook: FacebookSandbox, bucket: Space, act: str
) -> None:
    """Farid may place advertisements on one of Astrid's Pages."""
    facebook.login(FARID)
    facebook.login(ASTRID)
    theirs = bucket.read(f"facebook/{WHOLE}/freshness.json")
    facebook.control(f"people/{FARID}/{act}")
    assert bucket.read(f"facebook/{WHOLE}/freshness.json") == theirs
    assert access(bucket, FARIDS_OWN) == "lost"
    assert tokens(bucket) == {f".stockroom/tokens/facebook/{name}.json" for name in (*PAGES, f"user-{ASTRID}")}


def test_a_deletion_answers_what_facebook_documents_and_its_address_shows_the_state(
    facebook: FacebookSandbox, functions: Functions, bucket: Space
) -> None:
    facebook.login()
    told = facebook.control(f"people/{ASTRID}/delete")
    code = told["confirmation_code"]
    assert (told["status"], told["problem"]) == (200, "")
    assert told["url"] == f"{HOST}/facebook/deletion?code={code}"
    query = urlsplit(told["url"]).query
    state = functions.web("facebook/deletion", query=query)
    assert (state.status, state.body["status"], state.body["pages"]) == (200, "complete", 3)
    shown = functions.web("facebook/deletion", query=query, headers=HTML)
    assert (shown.status, shown.is_page) == (200, True)
    assert "<h1>Your data was deleted</h1>" in shown.body


def test_after_a_deletion_nothing_tells_who_the_person_was(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    facebook.control(f"people/{ASTRID}/delete")
    assert tokens(bucket) == set()
    for key in keys(bucket):
        found = bucket.read(key)
        assert found
        assert ASTRID not in key + found.body.decode() + str(found.metadata)
    assert [access(bucket, page) for page in PAGES] == ["lost"] * 3
    assert {f"facebook/{page}/page_data.json" for page in PAGES} <= keys(bucket)


@BOTH
def test_a_person_nobody_knows_is_let_go_as_well(functions: Functions, bucket: Space, function: str) -> None:
    assert post(functions, function).status == 200


@BOTH
def test_a_request_that_is_repeated_does_no_harm(
    facebook: FacebookSandbox, functions: Functions, bucket: Space, function: str
) -> None:
    facebook.login()
    assert [post(functions, function).status for _ in range(2)] == [200, 200]
    assert [access(bucket, page) for page in PAGES] == ["lost"] * 3


def test_each_deletion_has_a_code_of_its_own(functions: Functions, bucket: Space) -> None:
    codes = {post(functions, "deletion").body["confirmation_code"] for _ in range(3)}
    assert len(codes) == 3


@pytest.mark.parametrize("code", ["", "0" * 32, "x", "../people/facebook/1", "0" * 31 + "Z"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_code_that_was_never_given_out_is_not_found(
    functions: Functions, bucket: Space, code: str, accept: str
) -> None:
    answer = functions.web("facebook/deletion", query=urlencode({"code": code}), headers={"accept": accept})
    assert answer.status == 404
    assert "no deletion with this code" in answer.message


@BOTH
@pytest.mark.parametrize(
    ("text", "status", "cause"),
    [
        (None, 401, "missing or was not signed by Facebook"),
        ("", 401, "missing or was not signed"),
        (".", 401, "missing or was not signed"),
        ("x.y.z", 401, "missing or was not signed"),
        (GOOD.partition(".")[2], 401, "missing or was not signed"),
        (GOOD.replace(".", ""), 401, "missing or was not signed"),
        ("." + GOOD.partition(".")[2], 401, "missing or was not signed"),
        ("!!!." + GOOD.partition(".")[2], 401, "missing or was not signed"),
        ("A" + GOOD, 401, "missing or was not signed"),
        (GOOD + "A", 401, "missing or was not signed"),
        (GOOD + "ä", 401, "missing or was not signed"),
        (signed(content(), "another secret"), 401, "check FACEBOOK_APP_SECRET"),
        (signed(content(), ""), 401, "check FACEBOOK_APP_SECRET"),
        (signed(content(algorithm="HMAC-SHA1")), 401, "another rule than HMAC-SHA256"),
        (signed(content(algorithm="none")), 401, "another rule than HMAC-SHA256"),
        (signed(content(algorithm=None)), 401, "another rule than HMAC-SHA256"),
        (signed([1]), 400, "no JSON object"),
        (signed(None), 400, "no JSON object"),
        (signed(content(user_id="")), 400, "names no user_id"),
        (signed(content(user_id="../x")), 400, "names no user_id"),
        (signed({"algorithm": "HMAC-SHA256"}), 400, "names no user_id"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_request_that_facebook_did_not_make_is_refused(
    functions: Functions, bucket: Space, *, function: str, text: str | None, status: int, cause: str
) -> None:
    answer = post(functions, function, text)
    assert answer.status == status
    assert cause in answer.message
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text, GOOD.partition(".")[0])


@BOTH
def test_a_request_that_is_there_twice_is_refused(functions: Functions, bucket: Space, function: str) -> None:
    body = f"signed_request={GOOD}&signed_request={GOOD}"
    assert post(functions, function, body=body).status == 401
    assert list(bucket.list("")) == []


@BOTH
def test_the_rule_of_webhooks_is_not_accepted_here(functions: Functions, bucket: Space, function: str) -> None:
    """Over the decoded payload, as somebody may try who has seen a webhook only."""
    raw = json.dumps(content()).encode()
    digest = hmac.new(FACEBOOK_SECRET.encode(), raw, hashlib.sha256).digest()
    assert post(functions, function, f"{base64url(digest)}.{base64url(raw)}").status == 401


@BOTH
def test_padding_may_be_there(functions: Functions, bucket: Space, function: str) -> None:
    given, _, payload = GOOD.partition(".")
    assert post(functions, function, f"{given}=.{payload}").status == 200


@BOTH
def test_what_could_not_be_written_is_not_acknowledged_and_a_repetition_finishes_it(
    facebook: FacebookSandbox, functions: Functions, bucket: Space, wire: Wire, function: str
) -> None:
    facebook.login()
    wire.next_writes("request lost", 3, f"facebook/{WHOLE}/freshness.json")
    answer = post(functions, function)
    assert answer.status == 503
    if function == "deletion":
        (record,) = [key for key in keys(bucket) if "/deletions/" in key]
        code = record.rpartition("/")[2].removesuffix(".json")
        state = functions.web("facebook/deletion", query=f"code={code}")
        assert state.body["status"] == "pending"
        assert "is being deleted" in functions.web("facebook/deletion", query=f"code={code}", headers=HTML).body
    assert post(functions, function).status == 200
    assert access(bucket, WHOLE) == "lost"
    assert tokens(bucket) == set()


def test_only_post_removes_and_only_get_and_post_delete(functions: Functions) -> None:
    assert functions.web("facebook/deauthorize").headers["allow"] == "POST"
    assert functions.web("facebook/deletion", method="PUT").headers["allow"] == "GET, POST"
