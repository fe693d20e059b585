"""The whole of it, started as `make dev` starts it: real functions, the sandbox, Spaces, in processes of their own."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

ROOT = Path(__file__).parents[2]
_PARTS = ("project.yml", "packages", "lib", "local")


@dataclass
class Stockroom:
    """A running `python -m local`, spoken to as a browser, a program and a bot would."""

    port: int
    process: subprocess.Popen[str]
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://localhost:{self.port + 1}"

    def log_in(self, shop: str = "acme", grant: tuple[str, ...] | None = None) -> requests.Response:
        """A whole login without a browser, answered in JSON."""
        start = _get(f"{self.url}/shopify/{shop}/login?format=json")
        consent = start.headers["location"]
        asked = re.findall(r'name="grant" value="([^"]+)"', _get(consent).text)
        choice = {"decision": "install", "grant": list(grant if grant is not None else asked)}
        back = requests.post(consent, data=choice, allow_redirects=False, timeout=30).headers["location"]
        return _get(back, {"cookie": start.headers["set-cookie"].partition(";")[0]})

    @property
    def facebook(self) -> str:
        """The sandbox Facebook's address."""
        return f"http://localhost:{self.port + 3}"

    def log_in_with_facebook(self, person: str) -> requests.Response:
        """The same with Facebook, for all Pages of a person of the sandbox."""
        start = _get(f"{self.url}/facebook/login?format=json")
        dialog = start.headers["location"]
        shown = _get(f"{dialog}&sandbox_person={person}").text
        found = {name: re.findall(f'name="{name}" value="([^"]+)"', shown) for name in ("page", "permission")}
        choice = {"decision": "continue", "person": person, "choice": "some", **found}
        back = requests.post(dialog, data=choice, allow_redirects=False, timeout=30).headers["location"]
        return _get(back, {"cookie": start.headers["set-cookie"].partition(";")[0]})

    def facebooks(self, path: str) -> Any:
        """What the sandbox Facebook tells a test, see local/facebook/controls.py."""
        return _get(f"{self.facebook}/_sandbox/{path}").json()

    def object(self, key: str) -> Any:
        """A JSON object as the bot reads it."""
        return json.loads(self.bucket().get_object(Bucket="stockroom", Key=key)["Body"].read())

    def contents(self) -> dict[str, bytes]:
        """Everything in the bucket."""
        client = self.bucket()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="stockroom")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: client.get_object(Bucket="stockroom", Key=key)["Body"].read() for key in keys}

    def bucket(self) -> Any:
        """Any S3 client, with what the README tells."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://localhost:{self.port + 2}",
            region_name="nyc3",
            aws_access_key_id="stockroom-local",
            aws_secret_access_key="stockroom-local-secret",
            config=Config(s3={"addressing_style": "path"}),
        )

    def revealed_tokens(self, shop: str = "acme") -> list[str]:
        """Every token that the sandbox gave out for a shop."""
        state = requests.get(f"{self.sandbox}/_sandbox/shops/{shop}.myshopify.com?reveal=1", timeout=30).json()
        return list(state["tokens"])

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Until something that happens in another process has happened."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            threading.Event().wait(0.2)

    def fault(self, **rule: Any) -> None:
        """Let the sandbox fail."""
        requests.post(f"{self.sandbox}/_sandbox/faults", json=[rule], timeout=30).raise_for_status()


Start = Callable[..., Stockroom]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a Stockroom with options for `python -m local`; all are ended with the session."""
    running: list[Stockroom] = []

    def begin(*options: str) -> Stockroom:
        folder = tmp_path_factory.mktemp("stockroom")
        for part in _PARTS:  # not the whole checkout: a developer's .env stays out
            (folder / part).symlink_to(ROOT / part)
        port, log = free_ports(), folder / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "local", "--port", str(port), *options],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        running.append(Stockroom(port, process, log))
        assert process.stdout
        assert process.stdout.readline().startswith(f"Stockroom is ready: http://localhost:{port}"), log.read_text()
        return running[-1]

    yield begin
    for stockroom in running:
        stockroom.process.send_signal(signal.SIGTERM)
    for stockroom in running:
        stockroom.process.communicate(timeout=30)


@pytest.fixture(scope="session")
def stockroom(start: Start) -> Stockroom:
    """One with the built-in shop, for all tests that leave it as it is."""
    return start()


def free_ports() -> int:
    """The first of four ports in a row that nobody uses; below those that the system hands out by itself."""
    while True:
        first = random.randrange(20_000, 30_000)
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + 4):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


def _get(address: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.get(address, headers=headers, allow_redirects=False, timeout=40)
