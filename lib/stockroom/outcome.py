"""How each part of a login went, as the contract tells it, and the two places that a login writes to."""

import logging
from dataclasses import dataclass

from stockroom import http, snapshot
from stockroom.errors import LoginNeeded, StockroomError
from stockroom.snapshot import Published
from stockroom.space import Space

log = logging.getLogger("stockroom")

Status = dict[str, str]

SUCCESS: Status = {"status": "success"}


@dataclass(frozen=True, slots=True)
class Places:
    """The bucket that the bot reads and the one that holds our own state; often the same."""

    public: Space
    private: Space


def failed(phrase: str, error: StockroomError, status: str = "failed") -> Status:
    """A part that failed; the log line begins with a phrase that people search for."""
    log.warning("%s: %s", phrase, error.message)
    return {"status": status, "message": error.message}


def uploaded(published: Published) -> Status:
    """A snapshot that lies in the bucket now, whether or not it had to be put there."""
    if published.overtaken:
        return {**SUCCESS, "message": "No upload needed: a later reading lies in the bucket already."}
    return {**SUCCESS, "message": "Uploaded." if published.changed else "No upload needed: Data unchanged"}


def not_uploaded(cause: str) -> Status:
    """An upload that was not tried because an earlier part failed."""
    return {"status": "failed", "message": f"Not uploaded because {cause} failed; mend that and log in again."}


def note_failure(space: Space, folder: str, error: StockroomError) -> None:
    """Mark the freshness record; that it cannot be marked must not hide what went wrong before."""
    record = snapshot.record_loss if isinstance(error, LoginNeeded) else snapshot.record_failure
    try:
        record(space, folder, http.now(), error.message)
    except StockroomError as second:
        log.warning("Failed to upload to Spaces: %s", second.message)
