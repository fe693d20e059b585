"""Running the sandbox: in a thread for tests, or as a process."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Requests are looked up under /_sandbox/requests, not read in the terminal."""

    def log(self, *_: object) -> None:
        """Say nothing."""


def listening(app: Flask, port: int) -> BaseWSGIServer:
    """A server on this machine only; port 0 finds a free one, one in use is an OSError."""
    with socket.create_server((HOST, port)) as found:  # werkzeug would end the whole process
        port = found.getsockname()[1]
        return make_server(HOST, port, app, threaded=True, request_handler=QuietHandler, fd=found.fileno())


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """The address of the application, served from a thread as long as the block lasts."""
    server = listening(app, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.port}"
    finally:
        app.extensions["sandbox"].closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
