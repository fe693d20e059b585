"""A project of a test's own, and the gateway that runs it."""

import contextlib
import io
import socket
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from local.gateway.pages import Bucket, Surroundings
from local.gateway.running import running
from local.gateway.terminal import Terminal

ACCESS_KEY = "dof_v1_test:secret"
LOCAL_BUCKET = Bucket("http://localhost:5002", "stockroom", "nyc3", "stockroom-local", "stockroom-local-secret")


@dataclass
class Client:
    """Speaks HTTP to a gateway, and sees what it writes to the terminal."""

    address: str
    terminal: io.StringIO = field(default_factory=io.StringIO)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, f"{self.address}{path}", allow_redirects=False, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def page(self, path: str) -> requests.Response:
        """As a browser asks."""
        return self.get(path, headers={"accept": "text/html,*/*"})

    def invoke(self, function: str, query: str, payload: Any = None, key: str = ACCESS_KEY) -> requests.Response:
        user, _, secret = key.partition(":")
        path = f"/api/v1/namespaces/_/actions/{function}?{query}"
        return self.post(path, json=payload if payload is not None else {}, auth=(user, secret))


class ProjectFolder:
    """project.yml and packages/ in the making."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packages: dict[str, list[dict[str, Any]]] = {}

    def write(self, path: str, text: str) -> Path:
        """A file, with its folders."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def function(self, full_name: str, code: str, **settings: Any) -> None:
        """A function in a folder, listed in project.yml; `web: raw` unless said otherwise."""
        package, _, name = full_name.partition("/")
        self.write(f"packages/{full_name}/__main__.py", code)
        self.packages.setdefault(package, []).append({"name": name, "web": "raw", **settings})
        packages = [{"name": name, "functions": functions} for name, functions in self.packages.items()]
        self.write("project.yml", yaml.safe_dump({"packages": packages}))

    @contextlib.contextmanager
    def running(self, variables: Mapping[str, str] | None = None) -> Iterator[Client]:
        """The gateway that runs it, while the block lasts."""
        port = free_port()
        client = Client(f"http://localhost:{port}")
        surroundings = Surroundings(client.address, LOCAL_BUCKET, "http://localhost:5001", "http://localhost:5003")
        known = {"FUNCTIONS_ACCESS_KEY": ACCESS_KEY, **(variables or {})}
        state = self.root / ".local"
        with running(self.root, state, known, surroundings, Terminal(client.terminal), port):
            yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path)
