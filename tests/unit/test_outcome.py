import json

import pytest

from stockroom import outcome
from stockroom.errors import StorageError
from stockroom.snapshot import Published, Stamp
from stockroom.space import Space

STAMP = Stamp("sha256:1", "2027-01-15T08:00:00.000Z", "id")


def test_failed_part_is_told_and_logged_under_the_phrase_that_people_search_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = StorageError("Spaces failed.")
    assert outcome.failed("Failed to upload to Spaces", error) == {"status": "failed", "message": "Spaces failed."}
    assert outcome.failed("Webhook setup failed", error, "error")["status"] == "error"
    assert "Failed to upload to Spaces: Spaces failed." in caplog.text
    assert "Webhook setup failed: Spaces failed." in caplog.text


@pytest.mark.parametrize(
    ("published", "message"),
    [
        (Published(STAMP, changed=True), "Uploaded."),
        (Published(STAMP, changed=False), "No upload needed: Data unchanged"),
        (
            Published(STAMP, changed=False, overtaken=True),
            "No upload needed: a later reading lies in the bucket already.",
        ),
    ],
)
def test_snapshot_that_lies_in_the_bucket_is_a_success_however_it_came_there(
    published: Published, message: str
) -> None:
    assert outcome.uploaded(published) == {"status": "success", "message": message}


def test_upload_that_was_not_tried_names_what_failed_before() -> None:
    told = outcome.not_uploaded("polling_test")
    assert told["status"] == "failed"
    assert "because polling_test failed" in told["message"]


def test_failure_is_noted_beside_the_snapshot(space: Space) -> None:
    outcome.note_failure(space, "facebook/1", StorageError("Facebook failed."))
    found = space.read("facebook/1/freshness.json")
    assert found is not None
    assert json.loads(found.body)["lastError"]["message"] == "Facebook failed."


def test_failure_that_cannot_be_noted_does_not_hide_what_went_wrong_before(
    space: Space, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(_: str) -> None:
        raise StorageError("Spaces failed.")

    monkeypatch.setattr(space, "read", read)
    outcome.note_failure(space, "facebook/1", StorageError("Facebook failed."))
    assert "Failed to upload to Spaces: Spaces failed." in caplog.text
