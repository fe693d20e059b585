"""The sandbox Facebook as a process of its own, over real connections, and its dialog in a real browser."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.facebook.__main__ import main
from local.facebook.server import serving
from tests.local.facebook_client import APP, ASTRID, CAFE, REDIRECT, SCOPE, SECRET, Facebook, proof, query_of, receiving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).parents[2]


NEEDED = ("--port", "0", "--app-id", APP, "--app-secret", SECRET, "--redirect-uri", REDIRECT)


@contextmanager
def running(*more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address told in the one line that a ready sandbox prints, and its process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    command = [sys.executable, "-m", "local.facebook", *NEEDED, *more]
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process.stdout.readline().strip().removeprefix("sandbox Facebook ready: "), process
        finally:
            process.kill()


def test_process_says_when_it_is_ready_serves_keeps_and_ends_on_sigterm(tmp_path: Path) -> None:
    with running("--state", str(tmp_path)) as (address, process):
        assert "Astrid Sjöberg" in requests.get(address, timeout=10).text
        changed = requests.post(f"{address}/_sandbox/pages/{CAFE}", json={"phone": "+46 1"}, timeout=10)
        assert changed.json()["changed"] == ["phone"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert '"+46 1"' in (tmp_path / "facebook.json").read_text(encoding="utf-8")


def test_a_port_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Facebook().app) as address:
        assert main([*NEEDED, "--port", address.rpartition(":")[2]]) == 2
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [(("--app-id", "app"), "digits"), (("--page-calls", "0"), "number of calls"), (("--port", "x"), "invalid int")],
)
def test_an_option_that_makes_no_sense_is_told(
    capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*NEEDED, *more])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "facebook.json").write_text("{")
    with pytest.raises(SystemExit, match="is damaged"):
        main([*NEEDED, "--state", str(tmp_path)])


def test_help_tells_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    for option in ("--port", "--app-id", "--app-secret", "--redirect-uri", "--state", "--config-id", "--deletion-url"):
        assert option in told


def test_a_lost_reply_takes_effect_and_a_timeout_does_not() -> None:
    facebook = Facebook()
    first, second = (facebook.decide()["code"] for _ in "12")
    with serving(facebook.app) as address:
        facebook.fault(where="token", kind="lost_reply")
        with pytest.raises(requests.ConnectionError):
            _redeem(address, first)
        assert "has been used" in _redeem(address, first).text
        facebook.fault(where="token", kind="timeout", seconds=0.01)
        assert _redeem(address, second).status_code == 504
        assert _redeem(address, second).status_code == 200
    assert [one["status"] for one in facebook.seen()[-4:]] == [None, 400, 504, 200]


def test_of_two_who_bring_the_same_code_one_gets_a_token() -> None:
    facebook = Facebook()
    with serving(facebook.app) as address, ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            code = facebook.decide()["code"]
            statuses = list(threads.map(lambda _, code=code: _redeem(address, code).status_code, range(8)))
            assert sorted(statuses) == [200] + [400] * 7


def test_many_readers_at_once_get_one_token_for_a_page(tmp_path: Path) -> None:
    facebook = Facebook(tmp_path)
    token = facebook.long_token()
    sent: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {token}"},
        "params": {"appsecret_proof": proof(token)},
        "timeout": 10,
    }
    with serving(facebook.app) as address, ThreadPoolExecutor(8) as threads:
        read = lambda _: requests.get(f"{address}/graph/v26.0/me/accounts", **sent).json()  # noqa: E731
        found = list(threads.map(read, range(24)))
    assert len({one["data"][0]["access_token"] for one in found}) == 1


def test_it_shares_no_code_with_what_it_checks() -> None:
    told = "import sys, local.facebook.__main__; print([name for name in sys.modules if name.startswith('stockroom')])"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, text=True, capture_output=True, check=True, timeout=30
    )
    assert done.stdout == "[]\n"


def test_it_answers_under_the_machines_own_names_only() -> None:
    facebook = Facebook()
    assert facebook.web.get("/_sandbox/tokens?reveal=1", headers={"Host": "evil.example:5003"}).status_code == 400
    assert facebook.web.get("/", headers={"Host": "127.0.0.1:5003"}).status_code == 200


def test_a_person_clicks_through_the_dialog(browser: "BrowserContext") -> None:
    with receiving() as app:
        redirect = app.address.replace("webhook", "callback")
        facebook = Facebook(redirect_uri=redirect)
        with serving(facebook.app) as address:
            page = browser.new_page()
            asked = f"client_id={APP}&redirect_uri={redirect}&state=nonce&scope={SCOPE}"
            page.goto(f"{address}/www/v26.0/dialog/oauth?{asked}")
            page.get_by_role("button", name="Astrid Sjöberg").click()
            page.get_by_label("Rösterei Nordlicht").uncheck()
            page.get_by_text("What Stockroom is allowed to do").click()
            page.get_by_label("pages_manage_metadata").uncheck()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(f"{redirect}?**")
            assert query_of(page.url)["state"] == "nonce"
            grant = facebook.world.grant(ASTRID)
            assert (len(grant.pages or []), grant.declined) == (2, ["pages_manage_metadata"])
            page.goto(f"{address}/www/v26.0/dialog/oauth?{asked}")
            page.get_by_role("button", name="Cancel").click()
            page.wait_for_url(f"{redirect}?**")
            assert query_of(page.url)["error_reason"] == "user_denied"


def _redeem(address: str, code: str) -> requests.Response:
    sent = {"client_id": APP, "client_secret": SECRET, "redirect_uri": REDIRECT, "code": code}
    return requests.post(f"{address}/graph/v26.0/oauth/access_token", data=sent, timeout=10)
