"""`python -m local`, as a person or a script starts and ends it; keys in .env make the sandboxes needless here."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from local.__main__ import Server, _commands, _parser
from local.environment import Ports, local_environment, stand_in_secrets
from tests.local.conftest import Client, free_port

if TYPE_CHECKING:
    from tests.local.conftest import ProjectFolder

ROOT = Path(__file__).parents[2]
REAL = "SHOPIFY_API_KEY=key\nSHOPIFY_API_SECRET=secret\nFACEBOOK_APP_ID=1234567890123456\nFACEBOOK_APP_SECRET=secret\n"


class Dev:
    """The command, in a project of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.client = Client(f"http://localhost:{self.port}")
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "--port", str(self.port)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def ready(self) -> str:
        assert self.process
        assert self.process.stdout
        return self.process.stdout.readline()

    def finish(self) -> tuple[int, str, str]:
        """Exit code, and what was left to read."""
        assert self.process
        out, error = self.process.communicate(timeout=15)
        return self.process.returncode, out, error

    def children(self) -> list[int]:
        assert self.process
        command = ["pgrep", "-P", str(self.process.pid)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return [int(pid) for pid in shown.split()]

    def nothing_listens(self) -> bool:
        def refused(port: int) -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) != 0

        return all(refused(self.port + offset) for offset in range(4))


@pytest.fixture
def dev(project: "ProjectFolder") -> Iterator[Dev]:
    code = """
        import os
        def main():
            return {"body": {"bucket": os.environ["SPACES_BUCKET"], "at": os.environ["SPACES_ENDPOINT"]}}
    """
    variables = {name: f"${{{name}}}" for name in ("SPACES_BUCKET", "SPACES_ENDPOINT", "SHOPIFY_API_SECRET")}
    project.function("shop/hello", code, environment=variables)
    project.write(".env", REAL)
    dev = Dev(project.root)
    yield dev
    if dev.process and dev.process.poll() is None:
        dev.process.terminate()
        dev.process.communicate(timeout=15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_runs_without_a_terminal_says_one_line_and_ends_cleanly(dev: Dev, number: int) -> None:
    process = dev.start()
    line = dev.ready()
    who = "the real Shopify, the real Facebook, Spaces on this machine"
    assert line == f"Stockroom is ready: http://localhost:{dev.port} ({who})\n"
    answer = dev.client.get("/shop/hello").json()
    assert answer == {"bucket": "stockroom", "at": f"http://localhost:{dev.port + 2}"}
    assert "the real Shopify" in dev.client.page("/").text
    children = dev.children()
    assert len(children) == 2  # Spaces, and the function's process
    process.send_signal(number)
    code, out, error = dev.finish()
    assert (code, out) == (0, "")
    assert "Traceback" not in error
    assert "shop/hello" in error
    assert dev.nothing_listens()
    assert not any(alive(child) for child in children)


def test_the_bucket_outlives_a_restart(dev: Dev) -> None:
    for attempt in ("first", "second"):
        process = dev.start()
        dev.ready()
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://localhost:{dev.port + 2}",
            region_name="nyc3",
            aws_access_key_id="stockroom-local",
            aws_secret_access_key="stockroom-local-secret",
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )
        if attempt == "first":
            client.put_object(Bucket="stockroom", Key="a", Body=b"1")
        assert client.get_object(Bucket="stockroom", Key="a")["Body"].read() == b"1"
        client.close()
        process.terminate()
        assert dev.finish()[0] == 0


@pytest.mark.parametrize("offset", [0, 2])
def test_a_port_in_use_is_one_clear_sentence(dev: Dev, offset: int) -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", dev.port + offset))
        occupant.listen()
        dev.start()
        code, out, error = dev.finish()
    assert (code, out) == (1, "")
    assert (
        error
        == f"Port {dev.port + offset} is in use; end what uses it, or take four other ports: make dev PORT=5055.\n"
    )


def test_a_missing_variable_is_one_clear_sentence_and_leaves_nothing_running(dev: Dev) -> None:
    (dev.folder / ".env").write_text(REAL.replace("SHOPIFY_API_SECRET=secret\n", ""))
    dev.start()
    code, out, error = dev.finish()
    assert (code, out) == (1, "")
    assert "missing or empty: SHOPIFY_API_SECRET." in error
    assert "Traceback" not in error
    assert dev.nothing_listens()


def test_if_a_server_dies_it_is_named_and_everything_ends(dev: Dev) -> None:
    dev.start()
    dev.ready()
    (spaces,) = dev.children()
    os.kill(spaces, signal.SIGKILL)
    code, _, error = dev.finish()
    assert code == 1
    assert "Spaces (exit code -9) ended unexpectedly" in error
    assert dev.nothing_listens()


def test_a_second_one_on_the_same_folder_is_refused_because_the_bucket_is_there(dev: Dev) -> None:
    dev.start()
    dev.ready()
    second = Dev(dev.folder)
    process = second.start()
    try:
        code, _, error = second.finish()
    finally:
        process.terminate()
    assert code == 1
    assert error.startswith(f"Another Stockroom is running on {dev.folder / '.local'}; end it")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["--help"])
    told = capsys.readouterr().out
    for option in ("--port", "--catalog", "--plan", "--state", ".env"):
        assert option in told


def test_the_folder_of_local_state_can_be_set_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKROOM_LOCAL_DIR", "/tmp/other")
    assert _parser().parse_args([]).state == Path("/tmp/other")
    assert _parser().parse_args(["--state", "here"]).state == Path("here")


def test_the_sandboxes_are_told_all_they_need_and_spaces_the_buckets_that_are_wanted(tmp_path: Path) -> None:
    options = _parser().parse_args(["--port", "5055", "--catalog", "shop.csv", "--shopify-plan", "plus"])
    secrets = stand_in_secrets(dt.date(2026, 11, 24))
    environment = local_environment({"SPACES_PRIVATE_BUCKET": "hidden"}, Ports(5055), secrets)
    spaces, sandbox, facebook = _commands(options, Ports(5055), tmp_path, environment)
    assert spaces[1:] == (
        5057,
        ["local.spaces", "--port", "5057", "--state", str(tmp_path), "--bucket", "stockroom", "--bucket", "hidden"],
    )
    assert sandbox[1] == 5056
    given = dict(zip(sandbox[2][1::2], sandbox[2][2::2], strict=True))
    assert given == {
        "--port": "5056",
        "--api-key": secrets["SHOPIFY_API_KEY"],
        "--api-secret": secrets["SHOPIFY_API_SECRET"],
        "--redirect-uri": "http://localhost:5055/shopify/callback",
        "--state": str(tmp_path),
        "--catalog": "shop.csv",
        "--plan": "plus",
    }
    assert facebook[1] == 5058
    told = dict(zip(facebook[2][1::2], facebook[2][2::2], strict=True))
    assert told == {
        "--port": "5058",
        "--app-id": secrets["FACEBOOK_APP_ID"],
        "--app-secret": secrets["FACEBOOK_APP_SECRET"],
        "--redirect-uri": "http://localhost:5055/facebook/callback",
        "--deauthorize-url": "http://localhost:5055/facebook/deauthorize",
        "--deletion-url": "http://localhost:5055/facebook/deletion",
        "--state": str(tmp_path),
    }


@pytest.mark.parametrize(("reaction", "code"), [("exit 7", 7), ("", -signal.SIGKILL)])
def test_a_server_may_end_by_itself_and_is_ended_if_it_does_not(
    monkeypatch: pytest.MonkeyPatch, reaction: str, code: int
) -> None:
    if not reaction:
        monkeypatch.setattr("local.__main__._GRACE", 0.2)
    script = f"trap '{reaction}' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    Server("Spaces", 5002, process).end()
    process.stdout.close()
    assert process.returncode == code
