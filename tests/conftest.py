"""The real parts that tests run on: an object store, the Ceph software that Spaces is, a browser.

A test that needs a program which is not here is skipped, with the command that brings it. Under
STOCKROOM_NOTHING_SKIPPED=1, which .ci/run sets, every skip is a failure.
"""

import os
import shutil
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest

from tests.ceph import rados_gateway
from tests.storage.s3_server import ALL, S3Server, ceph_server, fresh_bucket, moto_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

_NOTHING_SKIPPED = os.environ.get("STOCKROOM_NOTHING_SKIPPED") == "1"
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Marker of a test -> why it cannot run here, if it cannot.
_MISSING = {
    "ceph": None
    if all(map(shutil.which, rados_gateway.PROGRAMS))
    else "needs Ceph's object gateway; on Debian: apt-get install ceph-mon ceph-osd ceph-common radosgw",
    "browser": None if _CHROMIUM else "needs Chromium; on Debian: apt-get install chromium",
}

# A machine that is busy with something else is not a failure.
hypothesis.settings.register_profile("stockroom", deadline=None)
hypothesis.settings.load_profile("stockroom")

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)

# Chromium calls home at every start unless told not to.
_CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the browser carries its marker, so that `-m "not browser"` finds it."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, reason in _MISSING.items():
        if reason and item.get_closest_marker(marker):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _failed_if_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _failed_if_skipped(report)


def _failed_if_skipped(report: _Report) -> _Report:
    if _NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome = "failed"
        report.longrepr = f"Skipped, where nothing may be: {reason}"
    return report


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        yield server


@pytest.fixture(scope="session")
def ceph() -> Iterator[rados_gateway.RadosGateway]:
    with rados_gateway.running() as gateway:
        yield gateway


@pytest.fixture(scope="session", params=ALL)
def s3_server(request: pytest.FixtureRequest) -> S3Server:
    """Each object store in turn; what a test may expect of it stands in `s3_server.honours`."""
    if request.param == "moto":
        server: S3Server = request.getfixturevalue("moto")
        return server
    return ceph_server(request.getfixturevalue("ceph"), request.param.removeprefix("ceph-"))


@pytest.fixture
def bucket(s3_server: S3Server) -> Iterator[str]:
    """A new, empty bucket on `s3_server`, of this test alone."""
    with fresh_bucket(s3_server, f"test-{uuid.uuid4().hex}") as name:
        yield name


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not worth half a second where no browser is driven

    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, headless=True, args=[*_CHROMIUM_FLAGS, *root])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: "Browser") -> Iterator["BrowserContext"]:
    """A browser without history or cookies: `page = browser.new_page()`."""
    context = chromium.new_context()
    yield context
    context.close()
