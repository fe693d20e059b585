"""The whole gateway, from the project's folder to an open port."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.gateway.activations import Activation, Activations
from local.gateway.pages import Surroundings
from local.gateway.pool import Pool
from local.gateway.project import Function, read
from local.gateway.terminal import Line, Terminal
from local.gateway.web import Gateway, serve

_ATTENTION = 0.05
"""Seconds that the server may take to notice that it shall end."""


@contextlib.contextmanager
def running(
    root: Path, state: Path, variables: Mapping[str, str], surroundings: Surroundings, terminal: Terminal, port: int
) -> Iterator[int]:
    """Run the project in folder `root` while the block lasts; yields the port; raises a ProjectError if it is wrong."""
    project = read(root, variables)
    for warning in project.warnings:
        terminal.notice(warning)

    def wrote(function: Function, line: str) -> None:
        terminal.output(function.full_name, line)

    def ended(activation: Activation) -> None:
        status = 200 if activation.outcome.succeeded else 502
        name = activation.function.full_name
        terminal.request(Line("INVOKED", f"/{name}", status, activation.milliseconds, name, activation.warm))

    pool = Pool(state / "run", wrote)
    activations = Activations(pool, surroundings.address, ended)
    access_key = variables.get("FUNCTIONS_ACCESS_KEY", "")
    server = serve(port, Gateway(project, activations, surroundings, access_key, terminal))
    threading.Thread(target=server.serve_forever, args=(_ATTENTION,), daemon=True).start()
    threading.Thread(target=pool.watch, daemon=True).start()
    try:
        yield server.port
    finally:
        server.shutdown()
        pool.close()
        activations.close()
        server.server_close()
