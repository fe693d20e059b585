import json
from typing import Any

import pytest

from stockroom.errors import Conflict, StorageError
from stockroom.facebook import pages, people
from stockroom.space import Space


def intruder(space: Space, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else writes the list between our look and our write, so many times."""
    real, left = space.read, [*range(times)]

    def read(key: str, **more: Any) -> Any:
        found = real(key, **more)
        if left:
            space.put(key, json.dumps({"pages": ["9"], "n": left.pop()}).encode())
        return found

    monkeypatch.setattr(space, "read", read)


def test_person_who_never_logged_in_has_no_pages(space: Space) -> None:
    assert people.pages(space, "42") == []


def test_first_login_loses_nothing(space: Space) -> None:
    assert people.keep(space, "42", ["1", "2"]) == []
    assert people.pages(space, "42") == ["1", "2"]


def test_pages_that_were_not_picked_again_are_told(space: Space) -> None:
    people.keep(space, "42", ["1", "2", "3"])
    assert people.keep(space, "42", ["2", "4"]) == ["1", "3"]
    assert people.pages(space, "42") == ["2", "4"]
    assert people.keep(space, "42", ["4", "2"]) == []


def test_people_are_kept_apart(space: Space) -> None:
    people.keep(space, "42", ["1"])
    assert people.keep(space, "43", ["2"]) == []
    people.forget(space, "42")
    assert (people.pages(space, "42"), people.pages(space, "43")) == ([], ["2"])


def test_forgetting_twice_does_no_harm(space: Space) -> None:
    people.keep(space, "42", ["1"])
    people.forget(space, "42")
    people.forget(space, "42")
    assert list(space.list("")) == []


def test_list_holds_ids_of_pages_only(space: Space) -> None:
    people.keep(space, "42", ["1"])
    found = space.read(people.key("42"))
    assert found is not None
    assert set(json.loads(found.body)) == {"pages", "recordId"}


@pytest.mark.parametrize("first", [True, False])
def test_login_at_the_same_moment_is_not_overwritten_unseen(
    space: Space, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    if not first:
        people.keep(space, "42", ["1"])
    intruder(space, 1, monkeypatch)
    assert people.keep(space, "42", ["2"]) == ["9"]
    assert people.pages(space, "42") == ["2"]


def test_list_that_others_always_write_says_so(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    intruder(space, 5, monkeypatch)
    with pytest.raises(Conflict, match="by others all the time"):
        people.keep(space, "42", ["2"])


def test_failing_storage_is_not_taken_for_a_conflict(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def create(key: str, *_: Any, **__: Any) -> str:
        tried.append(key)
        raise StorageError("Spaces failed.")

    monkeypatch.setattr(space, "create", create)
    with pytest.raises(StorageError, match=r"Spaces failed\."):
        people.keep(space, "42", ["2"])
    assert tried == [people.key("42")]


def test_a_person_and_a_page_of_the_same_number_have_different_tokens() -> None:
    assert people.source("42") != pages.source("42")
