"""Everything that Stockroom needs, on this machine: the gateway, the sandbox, Spaces. `make dev` runs it."""

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from local.environment import (
    NOT_SET,
    EnvironmentFileError,
    LocalEnvironment,
    Ports,
    kept_secrets,
    local_environment,
    read_dotenv,
)
from local.gateway.errors import ProjectError
from local.gateway.pages import Bucket, Surroundings
from local.gateway.running import running
from local.gateway.terminal import Terminal, wants_colour

_PATIENCE = 60.0
"""Seconds that a server may take to listen; a generated shop of many thousand products takes its time."""

_LAST_PORT = 65_532

_GRACE = 5.0
"""Seconds that a server may take to end by itself."""


class CannotStartError(Exception):
    """One sentence about what is in the way, for the person at the terminal."""


class Stopped(Exception):
    """SIGTERM, Ctrl-C or a closed terminal."""


@dataclass(frozen=True, slots=True)
class Server:
    """One of the other servers: a process of its own."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def listens(self) -> bool:
        """Whether it accepts connections by now."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self) -> None:
        """Ask it to end, then insist."""
        self.process.terminate()
        try:
            self.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; the exit code."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _run(options, Path.cwd())
    except (CannotStartError, EnvironmentFileError, ProjectError) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 0


def _port(text: str) -> int:
    """The first of four ports in a row."""
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"it has to be a number from 1 to {_LAST_PORT}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Run Stockroom on this machine: the functions of project.yml, and stand-ins for what they talk to.",
        epilog="With real keys in .env the functions talk to the real Shopify, Facebook and Spaces.",
    )
    parser.add_argument(
        "--port", type=_port, default=5000, help="the gateway's port; the three after it are used too (default 5000)"
    )
    parser.add_argument(
        "--catalog", default="", help="what the shop sells: a Shopify product export (.csv), or generate:N"
    )
    parser.add_argument("--plan", "--shopify-plan", default="", help="standard, advanced, plus or enterprise")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(os.environ.get("STOCKROOM_LOCAL_DIR") or ".local"),
        help="folder for whatever is kept between runs (default STOCKROOM_LOCAL_DIR, else .local)",
    )
    return parser


def _run(options: argparse.Namespace, root: Path) -> None:
    ports = Ports(options.port)
    state: Path = options.state.resolve()
    dotenv = read_dotenv(root / ".env")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_to_itself(state))
        environment = local_environment(dotenv, ports, kept_secrets(state / "secrets.json", datetime.now(UTC).date()))
        _refuse_taken(ports, environment)
        servers = [stack.enter_context(_started(*each)) for each in _commands(options, ports, state, environment)]
        terminal = Terminal(sys.stderr, colour=wants_colour(sys.stderr))
        surroundings = _surroundings(ports, environment)
        stack.enter_context(running(root, state, environment.variables, surroundings, terminal, ports.gateway))
        for server in servers:
            _wait_for(server)
        print(f"Stockroom is ready: {surroundings.address} ({_who_answers(environment)})", flush=True)
        _watch(servers)


@contextlib.contextmanager
def _to_itself(state: Path) -> Iterator[None]:
    """Keep the state folder to this process: two of them would overwrite each other's bucket."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStartError(
                f"Another Stockroom is running on {state}; end it, or give this one a folder of its own: "
                "STOCKROOM_LOCAL_DIR=.local/other make dev PORT=5055."
            ) from None
        yield


def _commands(
    options: argparse.Namespace, ports: Ports, state: Path, environment: LocalEnvironment
) -> Iterator[tuple[str, int, list[str]]]:
    """Name, port and arguments of each server that is needed besides the gateway."""
    variables = environment.variables
    if environment.embedded_spaces:
        names = [variables["SPACES_BUCKET"], variables["SPACES_PRIVATE_BUCKET"]]
        buckets = [argument for name in names if name != NOT_SET for argument in ("--bucket", name)]
        yield "Spaces", ports.spaces, ["local.spaces", "--port", str(ports.spaces), "--state", str(state), *buckets]
    if environment.sandbox:
        asked = {"--catalog": options.catalog, "--plan": options.plan}
        fixed = {
            "--port": str(ports.sandbox),
            "--api-key": variables["SHOPIFY_API_KEY"],
            "--api-secret": variables["SHOPIFY_API_SECRET"],
            "--redirect-uri": variables["SHOPIFY_REDIRECT_URI"],
            "--state": str(state),
        }
        given = {name: value for name, value in (fixed | asked).items() if value}
        yield "The sandbox Shopify", ports.sandbox, ["local.sandbox", *_words(given)]
    if environment.facebook_sandbox:
        leave = variables["FACEBOOK_WEBHOOK_ADDRESS"].rpartition("/")[0]
        given = {
            "--port": str(ports.facebook),
            "--app-id": variables["FACEBOOK_APP_ID"],
            "--app-secret": variables["FACEBOOK_APP_SECRET"],
            "--redirect-uri": variables["FACEBOOK_REDIRECT_URI"],
            "--deauthorize-url": f"{leave}/deauthorize",
            "--deletion-url": f"{leave}/deletion",
            "--state": str(state),
        }
        yield "The sandbox Facebook", ports.facebook, ["local.facebook", *_words(given)]


def _words(options: Mapping[str, str]) -> Iterator[str]:
    return (word for pair in options.items() for word in pair)


def _refuse_taken(ports: Ports, environment: LocalEnvironment) -> None:
    wanted = {
        ports.gateway: True,
        ports.sandbox: environment.sandbox,
        ports.spaces: environment.embedded_spaces,
        ports.facebook: environment.facebook_sandbox,
    }
    for port in (port for port, needed in wanted.items() if needed):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CannotStartError(
                    f"Port {port} is in use; end what uses it, or take four other ports: make dev PORT=5055."
                ) from None


@contextlib.contextmanager
def _started(name: str, port: int, arguments: Sequence[str]) -> Iterator[Server]:
    # A session of its own: Ctrl-C is for this process, which then ends the others in order.
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    server = Server(name, port, process)
    try:
        yield server
    finally:
        server.end()


def _wait_for(server: Server) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not server.listens():
        if server.process.poll() is not None:
            raise CannotStartError(f"{server.name} could not start; its own words are above.")
        if time.monotonic() > deadline:
            raise CannotStartError(
                f"{server.name} did not listen on port {server.port} within {_PATIENCE:.0f} seconds."
            )
        time.sleep(0.02)


def _watch(servers: Sequence[Server]) -> None:
    """Wait for a signal. If one of the servers ends, nothing works any more: say which, and end."""
    ended = threading.Event()
    for server in servers:
        threading.Thread(target=_tell, args=(server.process, ended), daemon=True).start()
    ended.wait()
    dead = [
        f"{server.name} (exit code {server.process.returncode})"
        for server in servers
        if server.process.poll() is not None
    ]
    raise CannotStartError(f"{' and '.join(dead)} ended unexpectedly, so everything ends; its own words are above.")


def _tell(process: subprocess.Popen[bytes], ended: threading.Event) -> None:
    process.wait()
    ended.set()


def _surroundings(ports: Ports, environment: LocalEnvironment) -> Surroundings:
    variables = environment.variables
    local_keys = environment.embedded_spaces
    bucket = Bucket(
        endpoint=_endpoint(environment),
        name=variables.get("SPACES_BUCKET", ""),
        region=variables.get("SPACES_REGION", ""),
        access_key=variables["SPACES_ACCESS_KEY"] if local_keys else "",
        secret_key=variables["SPACES_SECRET_KEY"] if local_keys else "",
    )
    return Surroundings(
        address=f"http://localhost:{ports.gateway}",
        bucket=bucket,
        sandbox=variables["SHOPIFY_SANDBOX_URL"] if environment.sandbox else "",
        facebook=variables["FACEBOOK_SANDBOX_URL"] if environment.facebook_sandbox else "",
    )


def _endpoint(environment: LocalEnvironment) -> str:
    endpoint = environment.variables["SPACES_ENDPOINT"]
    return (
        endpoint
        if endpoint != NOT_SET
        else f"https://{environment.variables.get('SPACES_REGION', '')}.digitaloceanspaces.com"
    )


def _who_answers(environment: LocalEnvironment) -> str:
    shopify = "the sandbox Shopify" if environment.sandbox else "the real Shopify"
    facebook = "the sandbox Facebook" if environment.facebook_sandbox else "the real Facebook"
    spaces = "Spaces on this machine" if environment.embedded_spaces else f"Spaces at {_endpoint(environment)}"
    return f"{shopify}, {facebook}, {spaces}"


def _stop(_number: int, _frame: FrameType | None) -> None:
    for again in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)  # one is enough; what follows must not be interrupted
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
