import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from stockroom import snapshot
from stockroom.errors import CallerError, StorageError, Unauthorised
from stockroom.facebook import leaving, pages, people
from stockroom.facebook.leaving import Farewell
from stockroom.http import Request
from stockroom.outcome import Places
from stockroom.settings import KeyRing
from stockroom.space import Space
from stockroom.vault import Vault
from tests.unit.admin_api import NOW
from tests.unit.facebook_vectors import REQUESTS

SECRET = "app-secret"
RING = KeyRing({"k1": bytes(range(32))})
PAYLOAD = {"algorithm": "HMAC-SHA256", "issued_at": 1_800_000_000, "user_id": "42"}


def signed(payload: Any, secret: str = SECRET) -> str:
    """As Facebook signs; by hand, so that a mistake in our own rule shows."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    content = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(digest).decode().rstrip('=')}.{content}"


def posted(*values: str, **more: str) -> Request:
    pairs = [*(("signed_request", value) for value in values), *more.items()]
    return Request(method="POST", body=urlencode(pairs).encode())


def person(payload: Any) -> str:
    return leaving.person(posted(signed(payload)), [SECRET])


def test_person_is_named_by_a_signed_request() -> None:
    assert person(PAYLOAD) == "42"


@pytest.mark.parametrize(("secret", "text", "holds"), REQUESTS[1:])
def test_published_requests_name_their_person(secret: str, text: str, holds: dict[str, Any]) -> None:
    assert leaving.person(posted(text), [secret]) == str(holds["user_id"])


@pytest.mark.parametrize("user", ["42", 42])
def test_number_and_text_are_the_same_person(user: Any) -> None:
    assert person({**PAYLOAD, "user_id": user}) == "42"


@pytest.mark.parametrize("algorithm", ["HMAC-SHA256", "hmac-sha256"])
def test_algorithm_is_known_in_either_case(algorithm: str) -> None:
    assert person({**PAYLOAD, "algorithm": algorithm}) == "42"


@pytest.mark.parametrize("algorithm", ["none", "HMAC-SHA1", "HMAC-SHA512", "", None, ["HMAC-SHA256"]])
def test_other_algorithm_is_refused_even_with_a_good_signature(algorithm: Any) -> None:
    with pytest.raises(Unauthorised, match="another rule than HMAC-SHA256"):
        person({**PAYLOAD, "algorithm": algorithm})
    with pytest.raises(Unauthorised, match="another rule"):
        person({"user_id": "42"})


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="POST"),
        posted(),
        posted(""),
        posted("."),
        posted("nonsense"),
        posted(signed(PAYLOAD, "other-secret")),
        posted(signed(PAYLOAD), signed(PAYLOAD)),
        posted("", signed(PAYLOAD)),
        posted(signed({**PAYLOAD, "user_id": "7"}, "other-secret"), signed(PAYLOAD)),
        Request(method="POST", body=json.dumps({"signed_request": signed(PAYLOAD)}).encode()),
        Request(method="POST", body=b"\xff\xfe"),
        Request(method="POST", query=(("signed_request", signed(PAYLOAD)),)),
    ],
    ids=range(12),
)
def test_request_that_is_not_signed_by_facebook_is_refused(request_: Request) -> None:
    with pytest.raises(Unauthorised, match="FACEBOOK_APP_SECRET") as caught:
        leaving.person(request_, [SECRET])
    assert caught.value.status == 401


@pytest.mark.parametrize("payload", [b"no json", b"", b"[1]", b'"text"', b"null", b"\xff", b"[" * 100_000])
def test_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(CallerError, match="no JSON object"):
        person(payload)


@pytest.mark.parametrize("payload", [b"no json", b'{"algorithm": "none"}'])
def test_signature_is_looked_at_before_the_payload(payload: bytes) -> None:
    """Else a stranger learns how we read it."""
    with pytest.raises(Unauthorised, match="not signed by Facebook"):
        leaving.person(posted(signed(payload, "other-secret")), [SECRET])


@pytest.mark.parametrize("user", [None, "", "me", "4/../2", "-4", 4.5, True, ["42"], {"id": "42"}, "²", "\u0664"])
def test_request_that_names_nobody_is_refused(user: Any) -> None:
    with pytest.raises(CallerError, match="no user_id"):
        person({**PAYLOAD, "user_id": user})
    with pytest.raises(CallerError, match="no user_id"):
        person({"algorithm": "HMAC-SHA256"})


def test_other_fields_of_the_form_do_not_matter() -> None:
    assert leaving.person(posted(signed(PAYLOAD), empty="", other="x"), [SECRET]) == "42"


def brought_by(user: str) -> bytes:
    return json.dumps({"token": "EAApage", "user": user}).encode()


@pytest.fixture
def farewell(space: Space) -> Farewell:
    """Where 42 brought the Pages 1 and 2, and 43 brought 3."""
    vault = Vault(space, RING)
    for user, theirs in (("42", ["1", "2"]), ("43", ["3"])):
        people.keep(space, user, theirs)
        vault.create(people.source(user), b"user token")
        for page in theirs:
            vault.create(pages.source(page), brought_by(user))
            space.put(pages.snapshot_key(page), b"{}")
            snapshot.record_failure(space, pages.folder(page), NOW, "x")
    return Farewell(Places(space, space), vault, NOW)


def sealed(space: Space) -> list[str]:
    return sorted(found.key.rpartition("/")[2] for found in space.list(".stockroom/tokens/"))


def access(space: Space, page: str) -> Any:
    found = space.read(f"facebook/{page}/freshness.json")
    assert found is not None
    return json.loads(found.body).get("access")


def test_person_who_removes_the_app_is_forgotten_and_their_pages_are_marked(farewell: Farewell, space: Space) -> None:
    assert farewell.deauthorise("42") == 2
    assert sealed(space) == ["3.json", "user-43.json"]
    assert [access(space, page) for page in ("1", "2", "3")] == ["lost", "lost", None]
    record = space.read("facebook/1/freshness.json")
    assert record is not None
    assert "removed the app on Facebook" in json.loads(record.body)["lastError"]["message"]


def test_pages_own_data_stays(farewell: Farewell, space: Space) -> None:
    farewell.deauthorise("42")
    farewell.delete("42")
    assert all(space.read(pages.snapshot_key(page)) for page in ("1", "2", "3"))


def test_removing_the_app_twice_does_no_harm(farewell: Farewell, space: Space) -> None:
    assert (farewell.deauthorise("42"), farewell.deauthorise("42")) == (2, 2)
    assert people.pages(space, "42") == ["1", "2"]


@pytest.mark.parametrize("leave", [Farewell.deauthorise, Farewell.delete])
def test_page_that_another_person_connected_since_stays_connected(
    farewell: Farewell, space: Space, leave: Callable[[Farewell, str], Any]
) -> None:
    farewell.vault.replace(pages.source("1"), brought_by("43"))
    leave(farewell, "42")
    assert sealed(space) == ["1.json", "3.json", "user-43.json"]
    assert [access(space, page) for page in ("1", "2", "3")] == [None, "lost", None]


def test_page_whose_token_does_not_open_any_more_is_let_go(farewell: Farewell, space: Space) -> None:
    other = Vault(space, KeyRing({"k1": bytes(32)}))
    assert Farewell(farewell.places, other, NOW).deauthorise("42") == 2
    assert sealed(space) == ["3.json", "user-43.json"]


def test_stranger_who_removes_the_app_changes_nothing(farewell: Farewell, space: Space) -> None:
    before = {found.key for found in space.list("")}
    assert farewell.deauthorise("999") == 0
    assert {found.key for found in space.list("")} == before


def test_deleted_person_leaves_nothing_that_names_them(farewell: Farewell, space: Space) -> None:
    code = farewell.delete("42")
    assert sealed(space) == ["3.json", "user-43.json"]
    assert people.pages(space, "42") == []
    assert not [found.key for found in space.list("") if "42" in found.key and code not in found.key]
    assert farewell.deletion(code) == {
        "status": "complete",
        "requestedAt": "2027-01-15T08:00:00.000Z",
        "completedAt": "2027-01-15T08:00:00.000Z",
        "pages": 2,
    }
    assert access(space, "1") == "lost"


def test_deletion_can_be_asked_for_again_and_each_has_its_own_code(farewell: Farewell) -> None:
    first, second = farewell.delete("42"), farewell.delete("42")
    assert first != second
    assert [farewell.deletion(code)["status"] for code in (first, second)] == ["complete", "complete"]
    assert [farewell.deletion(code)["pages"] for code in (first, second)] == [2, 0]


def test_deletion_of_a_stranger_is_complete_at_once(farewell: Farewell, space: Space) -> None:
    assert farewell.deletion(farewell.delete("999"))["status"] == "complete"
    assert len(sealed(space)) == 5


def test_deletion_that_was_interrupted_shows_as_pending_and_the_next_one_ends_it(
    farewell: Farewell, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = space.delete

    def dies(key: str) -> None:
        if key.endswith("/2.json"):
            raise StorageError("Spaces failed.")
        real(key)

    monkeypatch.setattr(space, "delete", dies)
    with pytest.raises(StorageError, match="Spaces failed"):
        farewell.delete("42")
    [record] = space.list(".stockroom/deletions/")
    code = record.key.rpartition("/")[2].removesuffix(".json")
    found = farewell.deletion(code)
    assert (found["status"], found["completedAt"], found["pages"]) == ("pending", None, 0)
    assert people.pages(space, "42") == ["1", "2"]

    monkeypatch.setattr(space, "delete", real)
    assert farewell.deletion(farewell.delete("42"))["status"] == "complete"
    assert sealed(space) == ["3.json", "user-43.json"]


@pytest.mark.parametrize(
    "code",
    [
        "",
        "0" * 32,
        "0" * 31,
        "x" * 32,
        "A" * 32,
        "../people/facebook/42",
        "../../facebook/1/page_data",
        "0" * 32 + "\n",
    ],
)
def test_code_that_was_never_given_out_shows_nothing(farewell: Farewell, code: str) -> None:
    with pytest.raises(CallerError, match="no deletion with this code") as caught:
        farewell.deletion(code)
    assert caught.value.status == 404
