import pytest

from stockroom.errors import (
    CallerError,
    Conflict,
    LoginNeeded,
    OwnerError,
    ProviderBusy,
    ProviderError,
    SetupError,
    StockroomError,
    StorageError,
    Unauthorised,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (StockroomError, 500),
        (SetupError, 500),
        (CallerError, 400),
        (Unauthorised, 401),
        (OwnerError, 403),
        (LoginNeeded, 403),
        (ProviderError, 502),
        (StorageError, 503),
        (Conflict, 409),
    ],
)
def test_whose_fault_it_is_decides_the_status(kind: type[StockroomError], status: int) -> None:
    error = kind("Cause: fix.")
    assert (error.status, error.message, str(error)) == (status, "Cause: fix.", "Cause: fix.")


def test_busy_provider_says_how_long_to_wait() -> None:
    busy = ProviderBusy("Come back later.", wait=2.5)
    assert (busy.status, busy.wait, busy.message) == (503, 2.5, "Come back later.")


def test_one_case_may_carry_another_status_than_its_kind() -> None:
    assert CallerError("Used already.", status=409).status == 409
    assert CallerError("Malformed.").status == 400


@pytest.mark.parametrize(
    ("kind", "wider"),
    [
        (Unauthorised, CallerError),
        (LoginNeeded, OwnerError),
        (ProviderBusy, ProviderError),
        (Conflict, StorageError),
    ],
)
def test_narrow_failures_are_caught_as_wide_ones(kind: type[StockroomError], wider: type[StockroomError]) -> None:
    assert issubclass(kind, wider)
    assert issubclass(wider, StockroomError)
