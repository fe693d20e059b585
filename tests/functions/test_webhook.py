"""shopify/webhook: a signed event is stored before it is acknowledged; anything else is turned away."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.environment import API_SECRET, OLD_API_SECRET, SHOP
from tests.functions.invoke import Answer
from tests.storage.wire import Wire

DELIVERY = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
ITEM = f".stockroom/inbox/shopify/{SHOP}/{DELIVERY}"
BODY = json.dumps({
    "id": 788032119674292922,
    "admin_graphql_api_id": "gid://shopify/Product/788032119674292922",
    "title": "Käse 🧀",
    "updated_at": "2026-11-24T12:00:00+01:00",
}, ensure_ascii=False)  # fmt: skip


def signature(body: str | bytes, secret: str = API_SECRET) -> str:
    raw = body.encode() if isinstance(body, str) else body
    return base64.b64encode(hmac.digest(secret.encode(), raw, hashlib.sha256)).decode()


def headers(body: str | bytes = BODY, **changes: str | None) -> dict[str, str]:
    """What Shopify sends; a change to None leaves a header out."""
    fields: dict[str, str | None] = {
        "content-type": "application/json",
        "x-shopify-topic": "products/update",
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": DELIVERY,
        "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "x-shopify-triggered-at": "2026-11-24T11:00:00.123456789Z",
        "x-shopify-api-version": "2026-10",
        "x-shopify-hmac-sha256": signature(body),
    }
    fields |= {f"x-shopify-{name.replace('_', '-')}": value for name, value in changes.items()}
    return {name: value for name, value in fields.items() if value is not None}


def post(functions: Functions, body: str | bytes = BODY, **changes: str | None) -> Answer:
    return functions.web("webhook", method="POST", headers=headers(body, **changes), body=body)


def stored(bucket: Space, key: str = ITEM) -> Any:
    found = bucket.read(key)
    assert found is not None
    return json.loads(found.body)


def test_an_event_is_stored_and_then_acknowledged(functions: Functions, bucket: Space) -> None:
    answer = post(functions)
    assert (answer.status, answer.body) == (200, {"status": "success", "message": "Stored."})
    assert [entry.key for entry in bucket.list("")] == [ITEM]


def test_the_item_says_what_changed_and_nothing_of_the_thing_itself(
    functions: Functions, bucket: Space, clock: Clock
) -> None:
    post(functions)
    item = stored(bucket)
    assert item.pop("receivedAt").startswith("20")
    assert item == {
        "provider": "shopify",
        "topic": "products/update",
        "shop": SHOP,
        "deliveryId": DELIVERY,
        "eventId": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "triggeredAt": "2026-11-24T11:00:00.123456789Z",
        "apiVersion": "2026-10",
        "names": {
            "id": 788032119674292922,
            "admin_graphql_api_id": "gid://shopify/Product/788032119674292922",
            "updated_at": "2026-11-24T12:00:00+01:00",
        },
    }


def test_no_ones_personal_data_reaches_the_bucket(functions: Functions, bucket: Space, log: Log) -> None:
    """As a compliance topic brings it."""
    body = json.dumps({
        "shop_id": 954889,
        "shop_domain": SHOP,
        "orders_requested": [299938, 280263],
        "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
        "data_request": {"id": 9999},
    })  # fmt: skip
    assert post(functions, body, topic="customers/data_request").status == 200
    names = stored(bucket)["names"]
    assert names == {
        "shop_id": 954889,
        "shop_domain": SHOP,
        "customer": {"id": 191167},
        "data_request": {"id": 9999},
    }
    for trace in ("john@example.com", "555-625-1199", "299938"):
        assert trace not in json.dumps(stored(bucket)) + log.text


def test_a_delivery_that_is_repeated_is_stored_once_and_acknowledged_again(functions: Functions, bucket: Space) -> None:
    post(functions)
    first = bucket.read(ITEM)
    again = post(functions, triggered_at="2026-11-24T12:00:00Z")
    assert (again.status, again.body["message"]) == (200, "Stored already.")
    assert bucket.read(ITEM) == first


def test_another_delivery_of_the_same_event_is_stored_as_well(functions: Functions, bucket: Space) -> None:
    """One action of a merchant may touch several topics."""
    post(functions)
    post(functions, webhook_id="another", topic="inventory_levels/update")
    assert len(list(bucket.list(""))) == 2


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        signature(BODY)[:-1],
        signature(BODY)[:8],
        signature(BODY) + "=",
        signature(BODY) + "\n",
        signature(BODY).lower(),
        hmac.new(API_SECRET.encode(), BODY.encode(), hashlib.sha256).hexdigest(),
        "this is not base64!",
        "ä" * 44,
        "\udcff",
        signature(BODY, "another secret"),
        signature(BODY, ""),
        signature(BODY + " "),
        signature(BODY, OLD_API_SECRET),
    ],
    ids=["missing", "empty", "one short", "short", "padded", "newline", "lower case", "hex", "not base64", "not ASCII",
         "half a character", "other secret", "no secret", "other body", "old secret"],
)  # fmt: skip
def test_an_event_that_is_not_signed_by_shopify_is_turned_away(
    functions: Functions, bucket: Space, given: str | None
) -> None:
    answer = post(functions, hmac_sha256=given)
    assert answer.status == 401
    assert "only Shopify may post here" in answer.message
    assert "check SHOPIFY_API_SECRET" in answer.message
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text, signature(BODY))


def test_the_signature_is_checked_before_anything_else(functions: Functions) -> None:
    """Shopify's review posts nonsense and wants a 401 for it."""
    changes = {"webhook_id": None, "shop_domain": "evil.org", "topic": None, "hmac_sha256": "x"}
    assert post(functions, "{", **changes).status == 401
    assert functions.web("webhook", method="POST").status == 401


def test_a_body_is_signed_as_it_came_to_the_last_byte(functions: Functions) -> None:
    """Not as a parser would write it again."""
    body = '{ "id":1 ,\n\t"title" : "K\\u00e4se \\/ \U0001f9c0" }\r\n'
    assert post(functions, body).status == 200
    assert post(functions, json.dumps(json.loads(body)), hmac_sha256=signature(body)).status == 401


def test_while_the_secret_rotates_both_sign(functions: Functions) -> None:
    functions.environment["SHOPIFY_API_SECRET_OLD"] = OLD_API_SECRET
    assert post(functions, hmac_sha256=signature(BODY, OLD_API_SECRET)).status == 200
    assert post(functions).status == 200
    assert post(functions, hmac_sha256=signature(BODY, "none")).status == 401


def test_a_body_may_come_as_base64(functions: Functions, bucket: Space) -> None:
    """As the platform sends types that it takes for binary."""
    assert post(functions, BODY.encode()).status == 200
    assert stored(bucket)["names"]["id"] == 788032119674292922


def test_a_body_that_is_no_base64_although_it_is_marked_so_is_refused(functions: Functions, bucket: Space) -> None:
    event = {"http": {"method": "POST", "headers": headers(), "body": "not base64!", "isBase64Encoded": True}}
    answer = functions.raw("webhook", event)
    assert answer.status == 400
    assert "base64" in answer.message
    assert list(bucket.list("")) == []


NOT_AN_OBJECT = ("", "{", "[1, 2]", "null", '"text"', "12", "[" * 100_000, b"\xff\xfe")


@pytest.mark.parametrize("body", NOT_AN_OBJECT, ids=lambda body: str(body)[:10])
def test_a_signed_body_that_is_no_event_is_refused(functions: Functions, bucket: Space, body: str | bytes) -> None:
    """Shopify signs more than events under this secret; see the next test."""
    assert post(functions, body).status == 401
    assert list(bucket.list("")) == []


def test_a_callbacks_signature_does_not_make_an_event(functions: Functions, bucket: Space) -> None:
    """Whoever owns a shop can read the `hmac` of their own login, which covers bytes of their own query."""
    query = "code=c&host=aG9zdA&shop=evil.myshopify.com&state=s&timestamp=1"
    assert post(functions, query, topic="shop/redact").status == 401
    assert list(bucket.list("")) == []


@pytest.mark.parametrize("name", ["shop_domain", "myshopify_domain"])
def test_an_event_of_one_shop_cannot_be_passed_off_as_anothers(functions: Functions, bucket: Space, name: str) -> None:
    assert post(functions, json.dumps({"id": 1, name: "evil.myshopify.com"})).status == 401
    assert list(bucket.list("")) == []
    assert post(functions, json.dumps({"id": 1, name: SHOP})).status == 200


def test_half_a_character_in_an_event_does_no_harm(functions: Functions, bucket: Space) -> None:
    assert post(functions, '{"title": "\\ud83e"}').status == 200
    assert stored(bucket)["names"] == {}


def test_an_event_without_a_delivery_id_is_refused(functions: Functions, bucket: Space) -> None:
    answer = post(functions, webhook_id=None)
    assert answer.status == 400
    assert "X-Shopify-Webhook-Id is missing" in answer.message
    assert list(bucket.list("")) == []


@pytest.mark.parametrize("shop", [None, "", "evil.org", "../../tokens", "acme.myshopify.com/..", "äcme"])
def test_an_event_of_something_that_is_no_shop_is_refused(
    functions: Functions, bucket: Space, shop: str | None
) -> None:
    """The name becomes part of a path."""
    answer = post(functions, shop_domain=shop)
    assert answer.status == 400
    assert "name of a shop" in answer.message
    assert list(bucket.list("")) == []


def test_a_delivery_id_does_not_lead_out_of_the_shops_folder(functions: Functions, bucket: Space) -> None:
    assert post(functions, webhook_id=f"../../tokens/shopify/{SHOP}.json").status == 200
    (entry,) = bucket.list("")
    assert entry.key.rpartition("/")[0] == ITEM.rpartition("/")[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_only_post_brings_events(functions: Functions, method: str) -> None:
    answer = functions.web("webhook", method=method, headers=headers(), body=BODY)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("fate", ["answer lost", "answered 500"])
def test_an_event_whose_arrival_is_unclear_is_looked_for(
    functions: Functions, bucket: Space, wire: Wire, fate: Any
) -> None:
    wire.next_writes(fate, 3)
    assert post(functions).status == 200
    assert stored(bucket)["deliveryId"] == DELIVERY


def test_an_event_that_could_not_be_stored_is_never_acknowledged(
    functions: Functions, bucket: Space, wire: Wire
) -> None:
    """So that Shopify sends it again."""
    wire.next_writes("request lost", 3)
    assert post(functions).status == 503
    assert post(functions).body["message"] == "Stored."


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("SPACES_BUCKET", "there-is-none", 500),
        ("SPACES_PRIVATE_BUCKET", "there-is-none", 500),
        ("SPACES_ENDPOINT", "http://127.0.0.1:9", 503),
    ],
)
def test_without_a_bucket_no_event_is_acknowledged(
    functions: Functions, log: Log, variable: str, value: str, status: int
) -> None:
    functions.environment[variable] = value
    answer = post(functions)
    assert answer.status == status
    assert variable in answer.message
    assert variable in log.text


def test_the_log_goes_to_stderr_at_once(
    functions: Functions, log: Log, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """stdout is buffered by the platform, and lost when it kills a function."""
    monkeypatch.setattr("stockroom.http.log.handlers", [])
    post(functions, hmac_sha256="x")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("WARNING Unauthorised: X-Shopify-Hmac-Sha256 does not fit")
