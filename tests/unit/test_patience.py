import pytest

from stockroom.errors import OutOfTime, ProviderBusy, ProviderError, StockroomError
from stockroom.patience import ATTEMPTS, Patience, spread
from tests.unit.admin_api import NOW, Clock


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def patience(clock: Clock, seconds: float = float("inf")) -> Patience:
    return Patience(NOW + seconds, clock, clock.sleep)


class Flaky:
    """Fails with each of these errors and then works."""

    def __init__(self, *errors: StockroomError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def busy(wait: float = 0) -> ProviderBusy:
    return ProviderBusy("Busy.", wait=wait)


def test_pause_waits_as_long_as_asked(clock: Clock) -> None:
    patience(clock, 10).pause(9)
    patience(clock, 10).pause(0.5)
    assert clock.slept == [9, 0.5]


@pytest.mark.parametrize("seconds", [0, -3])
def test_nothing_to_wait_for_is_not_slept_for(clock: Clock, seconds: float) -> None:
    patience(clock).pause(seconds)
    assert clock.slept == []


@pytest.mark.parametrize("seconds", [10, 60])
def test_pause_beyond_the_deadline_ends_at_once(clock: Clock, seconds: float) -> None:
    with pytest.raises(OutOfTime) as caught:
        patience(clock, 10).pause(seconds)
    assert clock.slept == []
    assert (caught.value.status, caught.value.wait) == (503, 1)


def test_call_may_take_no_longer_than_is_left(clock: Clock) -> None:
    assert patience(clock).timeouts() == (3.05, 20.0)
    assert patience(clock, 7).timeouts() == (3.05, 7)
    assert patience(clock, 2).timeouts() == (2, 2)


def test_no_call_is_begun_after_the_deadline(clock: Clock) -> None:
    with pytest.raises(OutOfTime):
        patience(clock, 0).timeouts()


def test_busy_provider_is_asked_again_with_growing_gaps(clock: Clock) -> None:
    call = Flaky(*[busy()] * 5)
    assert patience(clock).repeat(call) == "done"
    assert clock.slept == [0.5, 1, 2, 4, 8]


def test_provider_that_names_a_time_is_not_asked_before(clock: Clock) -> None:
    assert patience(clock).repeat(Flaky(busy(3), busy(3), busy(3))) == "done"
    assert clock.slept == [3, 3, 3]


def test_provider_that_stays_busy_is_given_up(clock: Clock) -> None:
    call = Flaky(*[busy()] * 99)
    with pytest.raises(ProviderBusy, match=r"Busy\."):
        patience(clock).repeat(call)
    assert call.calls == ATTEMPTS == 6


def test_what_is_wrong_is_told_when_there_is_no_time_to_ask_again(clock: Clock) -> None:
    call = Flaky(busy(60))
    with pytest.raises(ProviderBusy, match=r"Busy\.") as caught:
        patience(clock, 30).repeat(call)
    assert not isinstance(caught.value, OutOfTime)
    assert (call.calls, clock.slept) == (1, [])


@pytest.mark.parametrize("error", [ProviderError("Refused."), OutOfTime("Too late.", wait=1)])
def test_what_waiting_does_not_mend_is_not_repeated(clock: Clock, error: StockroomError) -> None:
    call = Flaky(error)
    with pytest.raises(type(error)):
        patience(clock).repeat(call)
    assert (call.calls, clock.slept) == (1, [])


def test_workers_that_failed_together_come_back_apart_and_never_early(monkeypatch: pytest.MonkeyPatch) -> None:
    for chance, seconds in ((0.0, 8), (0.5, 9), (1.0, 10)):
        monkeypatch.setattr("random.random", lambda chance=chance: chance)
        assert spread(8) == seconds
