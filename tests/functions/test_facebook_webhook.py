"""facebook/webhook: the handshake is echoed; a signed event is stored for each Page before it is acknowledged."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, assert_no_secret
from tests.functions.environment import FACEBOOK_SECRET, FACEBOOK_VERIFY_TOKEN
from tests.functions.invoke import Answer
from tests.storage.wire import Wire

PAGE = "104810000000001"
BODY = json.dumps({
    "object": "page",
    "entry": [{
        "id": PAGE,
        "time": 1795000000,
        "changes": [{"field": "name", "value": "K\u00e4serei \U0001f9c0"}, {"field": "hours", "value": "{}"}],
    }],
})  # fmt: skip
"""Beyond ASCII it is escaped, as Facebook writes it and as it is signed."""


def signature(body: str | bytes, secret: str = FACEBOOK_SECRET) -> str:
    raw = body.encode() if isinstance(body, str) else body
    return f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"


def post(functions: Functions, body: str | bytes = BODY, given: str | None = "right", **more: str) -> Answer:
    headers = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in more.items()}}
    if given is not None:
        headers["x-hub-signature-256"] = signature(body) if given == "right" else given
    return functions.web("facebook/webhook", method="POST", headers=headers, body=body)


def items(bucket: Space) -> dict[str, list[Any]]:
    """What lies in the inbox, by Page; nothing lies anywhere else."""
    found: dict[str, list[Any]] = {}
    for entry in bucket.list(""):
        *folder, page, _ = entry.key.split("/")
        assert folder == [".stockroom", "inbox", "facebook"]
        object_ = bucket.read(entry.key)
        assert object_
        found.setdefault(page, []).append(json.loads(object_.body))
    return found


def delivery(*entries: dict[str, Any]) -> str:
    return json.dumps({"object": "page", "entry": entries})


def handshake(functions: Functions, **changes: str) -> Answer:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": FACEBOOK_VERIFY_TOKEN}
    changed = {**query, **{f"hub.{name}": value for name, value in changes.items()}}
    return functions.web("facebook/webhook", query=[(name, value) for name, value in changed.items() if value])


@pytest.mark.parametrize("challenge", ["1158201444", "0", "00012", "<b>x</b>", "1158201444 "])
def test_the_handshake_is_answered_with_the_challenge_as_text_and_nothing_else(
    functions: Functions, bucket: Space, challenge: str
) -> None:
    answer = handshake(functions, challenge=challenge)
    assert (answer.status, answer.body) == (200, challenge)
    assert answer.headers["content-type"].startswith("text/plain")
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text)


@pytest.mark.parametrize("token", ["", "x", FACEBOOK_VERIFY_TOKEN[:-1], FACEBOOK_VERIFY_TOKEN + "x", "ä", "none"])
def test_a_handshake_with_a_wrong_token_is_refused(functions: Functions, token: str) -> None:
    answer = handshake(functions, verify_token=token)
    assert answer.status == 403
    assert answer.message == "hub.verify_token is not FACEBOOK_VERIFY_TOKEN."
    assert "1158201444" not in answer.text
    assert_no_secret(answer.text)


@pytest.mark.parametrize("changes", [{"challenge": ""}, {"mode": ""}, {"mode": "unsubscribe"}])
def test_a_handshake_that_lacks_something_is_refused(functions: Functions, changes: dict[str, str]) -> None:
    answer = handshake(functions, **changes)
    assert answer.status == 400
    assert "hub.mode=subscribe and a hub.challenge" in answer.message


def test_an_event_is_stored_and_then_acknowledged(functions: Functions, bucket: Space, clock: Clock) -> None:
    answer = post(functions)
    assert (answer.status, answer.body) == (200, {"status": "success", "message": "1 stored, 0 stored already."})
    ((item,),) = items(bucket).values()
    assert item.pop("receivedAt").startswith("20")
    assert item == {"provider": "facebook", "page": PAGE, "sentAt": [1795000000], "fields": ["hours", "name"]}


def test_a_value_never_reaches_the_bucket(functions: Functions, bucket: Space) -> None:
    """An event is a trigger; the Page itself is read again."""
    post(functions)
    assert "serei" not in json.dumps(items(bucket))


def test_fields_may_come_as_names_only(functions: Functions, bucket: Space) -> None:
    """As they do when values are not subscribed."""
    assert post(functions, delivery({"id": PAGE, "time": 1, "changed_fields": ["phone"]})).status == 200
    assert items(bucket)[PAGE][0]["fields"] == ["phone"]


def test_a_batch_of_a_thousand_changes_is_one_item_for_each_page(functions: Functions, bucket: Space) -> None:
    entries = [
        {"id": str(104810000000000 + number % 50), "time": 1795000000 + number, "changes": [{"field": f"f{number}"}]}
        for number in range(1000)
    ]
    answer = post(functions, delivery(*entries))
    assert (answer.status, answer.body["message"]) == (200, "50 stored, 0 stored already.")
    found = items(bucket)
    assert len(found) == 50
    assert all(len(of_page) == 1 for of_page in found.values())
    fields = [field for ((item),) in found.values() for field in item["fields"]]
    assert sorted(fields) == sorted(f"f{number}" for number in range(1000))


def test_a_delivery_that_is_repeated_is_stored_once_and_acknowledged_again(
    functions: Functions, bucket: Space, clock: Clock
) -> None:
    """Facebook does not mark a repetition."""
    post(functions)
    clock.advance(60)
    again = post(functions)
    assert (again.status, again.body["message"]) == (200, "0 stored, 1 stored already.")
    assert len(items(bucket)[PAGE]) == 1


def test_a_second_change_of_the_same_field_is_stored_as_well(functions: Functions, bucket: Space) -> None:
    for time in (1, 2):
        post(functions, delivery({"id": PAGE, "time": time, "changed_fields": ["phone"]}))
    assert len(items(bucket)[PAGE]) == 2


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "sha256=",
        signature(BODY)[:-1],
        signature(BODY) + "0",
        signature(BODY).upper(),
        signature(BODY).removeprefix("sha256="),
        signature(BODY).replace("sha256", "sha1"),
        "sha1=" + hmac.new(FACEBOOK_SECRET.encode(), BODY.encode(), hashlib.sha1).hexdigest(),
        "sha256=" + "0" * 64,
        "sha256=this is not hex",
        "sha256=" + "ä" * 64,
        "\udcff",
        signature(BODY, "another secret"),
        signature(BODY, ""),
        signature(BODY + " "),
    ],
    ids=["missing", "empty", "no digest", "one short", "one long", "upper case", "no prefix", "wrong prefix", "sha1",
         "zeros", "not hex", "not ASCII", "half a character", "other secret", "no secret", "other body"],
)  # fmt: skip
def test_an_event_that_is_not_signed_by_facebook_is_turned_away(
    functions: Functions, bucket: Space, given: str | None
) -> None:
    answer = post(functions, given=given)
    assert answer.status == 401
    assert "only Facebook may post here" in answer.message
    assert "check FACEBOOK_APP_SECRET" in answer.message
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text, signature(BODY))


def test_the_older_sha1_header_alone_does_not_count(functions: Functions, bucket: Space) -> None:
    sha1 = "sha1=" + hmac.new(FACEBOOK_SECRET.encode(), BODY.encode(), hashlib.sha1).hexdigest()
    assert post(functions, given=None, x_hub_signature=sha1).status == 401
    assert list(bucket.list("")) == []


def test_the_signature_is_checked_before_anything_else(functions: Functions) -> None:
    assert post(functions, "{", given="x").status == 401
    assert functions.web("facebook/webhook", method="POST").status == 401


def test_a_body_is_signed_as_it_came_to_the_last_byte(functions: Functions) -> None:
    """Not as a parser would write it again."""
    body = '{ "object":"page" ,\n\t"entry" : [{"id":"1","time":1,"changed_fields":["a\\/\\u00e4 \U0001f9c0"]}] }\r\n'
    assert post(functions, body).status == 200
    assert post(functions, json.dumps(json.loads(body)), given=signature(body)).status == 401


def test_a_body_may_come_as_base64(functions: Functions, bucket: Space) -> None:
    """As the platform sends types that it takes for binary."""
    assert post(functions, BODY.encode()).status == 200
    assert PAGE in items(bucket)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[1]",
        "null",
        "[" * 100_000,
        b"\xff\xfe",
        json.dumps({"object": "user", "entry": [{"id": PAGE, "changed_fields": ["name"]}]}),
        json.dumps({"object": "page"}),
        json.dumps({"object": "page", "entry": {"id": PAGE}}),
        delivery({"id": "../../tokens/facebook/1", "time": 1, "changed_fields": ["name"]}),
        delivery({"id": "٣", "time": 1, "changed_fields": ["name"]}),
        delivery({"time": 1, "changed_fields": ["name"]}),
        delivery({"id": PAGE, "time": 1, "messaging": [{"message": {"text": "private"}}]}),
        delivery({"id": PAGE, "time": 1, "changes": "name"}),
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_is_not_about_a_pages_own_data_is_acknowledged_and_not_stored(
    functions: Functions, bucket: Space, body: str | bytes
) -> None:
    assert post(functions, body).status == 200
    assert list(bucket.list("")) == []


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(functions: Functions, method: str) -> None:
    answer = functions.web("facebook/webhook", method=method, body=BODY)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_an_event_that_could_not_be_stored_is_never_acknowledged(
    functions: Functions, bucket: Space, wire: Wire
) -> None:
    """So that Facebook sends it again."""
    wire.next_writes("request lost", 3)
    assert post(functions).status == 503
    assert post(functions).body["message"] == "1 stored, 0 stored already."


def test_a_batch_of_which_one_item_could_not_be_stored_is_not_acknowledged(
    functions: Functions, bucket: Space, wire: Wire
) -> None:
    body = delivery(*({"id": str(number), "time": 1, "changed_fields": ["name"]} for number in range(1, 11)))
    wire.next_writes("request lost", 3)
    assert post(functions, body).status == 503
    assert post(functions, body).status == 200
    assert {page: len(of_page) for page, of_page in items(bucket).items()} == {str(n): 1 for n in range(1, 11)}


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("SPACES_BUCKET", "there-is-none", 500),
        ("SPACES_PRIVATE_BUCKET", "there-is-none", 500),
        ("SPACES_ENDPOINT", "http://127.0.0.1:9", 503),
    ],
)
def test_without_a_bucket_no_event_is_acknowledged(
    functions: Functions, variable: str, value: str, status: int
) -> None:
    functions.environment[variable] = value
    answer = post(functions)
    assert answer.status == status
    assert variable in answer.message
