"""Running the sandbox with its webhooks: in a thread for tests, or as a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from flask import Flask

from local.sandbox.server import listening

if TYPE_CHECKING:
    from local.facebook.world import World


@contextmanager
def delivering(app: Flask) -> Iterator[None]:
    """Webhooks go out by themselves as long as the block lasts; at its end everything is kept."""
    world: World = app.extensions["facebook"]
    world.courier.start()
    try:
        yield
    finally:
        world.closing.set()
        world.courier.stop()
        world.save()


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """The address of the application, served from a thread as long as the block lasts."""
    server = listening(app, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with delivering(app):
            yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
