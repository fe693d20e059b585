"""The sandbox as a process of its own, and its consent page in a real browser."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from local.sandbox.server import serving
from tests.local.sandbox_client import KEY, REDIRECT, SCOPES, SECRET, SHOP, Sandbox, query_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).parents[2]


def command(*more: str) -> list[str]:
    needed = ["--port", "0", "--api-key", KEY, "--api-secret", SECRET, "--redirect-uri", REDIRECT]
    return [sys.executable, "-m", "local.sandbox", *needed, *more]


@contextmanager
def running(*more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address told in the one line that a ready sandbox prints, and its process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command(*more), cwd=ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process.stdout.readline().strip().removeprefix("sandbox ready: "), process
        finally:
            process.kill()


def refused(*more: str) -> str:
    done = subprocess.run(command(*more), cwd=ROOT, text=True, capture_output=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


def test_process_says_when_it_is_ready_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    with running("--state", str(tmp_path)) as (address, process):
        page = requests.get(address, timeout=10)
        assert SHOP in page.text
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_a_port_in_use_is_told() -> None:
    with serving(Sandbox().app) as address:
        assert "cannot be used" in refused("--port", address.rpartition(":")[2])


def test_a_bad_catalogue_is_told_at_the_start() -> None:
    assert "no such catalogue" in refused("--catalog", "missing.csv")


def test_help_names_every_option() -> None:
    told = subprocess.run(command("--help"), cwd=ROOT, text=True, capture_output=True, check=True, timeout=30).stdout
    for option in (
        "--port",
        "--catalog",
        "--plan",
        "--api-key",
        "--api-secret",
        "--redirect-uri",
        "--app-url",
        "--state",
    ):
        assert option in told


def test_sandbox_shares_no_code_with_what_it_checks() -> None:
    sources = [*ROOT.glob("local/sandbox/**/*.py"), *ROOT.glob("local/schema/*.py")]
    assert len(sources) > 30
    assert [
        file.name for file in sources if "import stockroom" in file.read_text() or "from stockroom" in file.read_text()
    ] == []


def test_a_second_shop_can_be_visited_by_its_short_name() -> None:
    answer = Sandbox().web.get("/open?shop=Second-Shop")
    assert answer.headers["Location"] == "/second-shop.myshopify.com/admin"
    assert Sandbox().web.get("/open?shop=no/such").status_code == 404


def authorize(address: str, redirect: str) -> str:
    return f"{address}/{SHOP}/admin/oauth/authorize?client_id={KEY}&scope={SCOPES}&state=nonce&redirect_uri={redirect}"


def test_a_person_installs_with_one_click(browser: "BrowserContext") -> None:
    sandbox = Sandbox()
    with serving(sandbox.app) as address:
        page = browser.new_page()
        page.route("http://localhost:7000/**", lambda route: route.fulfill(body="back at the app"))
        page.goto(authorize(address, REDIRECT))
        page.get_by_role("button", name="Install").click()
        page.wait_for_url(f"{REDIRECT}?**")
        assert sandbox.ask_token(code=query_of(page.url)["code"]).json["scope"] == SCOPES


def test_a_person_cancels_or_grants_less(browser: "BrowserContext") -> None:
    sandbox = Sandbox()
    with serving(sandbox.app) as address:
        page = browser.new_page()
        page.route("http://localhost:7000/**", lambda route: route.fulfill(body="back at the app"))
        page.goto(authorize(address, REDIRECT))
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(f"{REDIRECT}?error=access_denied**")
        page.goto(authorize(address, REDIRECT))
        page.get_by_text("fewer permissions").click()
        page.get_by_label("View locations").uncheck()
        page.get_by_role("button", name="Install").click()
        page.wait_for_url(f"{REDIRECT}?code**")
        granted = sandbox.ask_token(code=query_of(page.url)["code"]).json["scope"]
        assert granted == "read_products,read_inventory,read_discounts"
