"""Spaces on this machine: moto's S3 server, whose content is still there after a restart, however this process ended.

    python -m local.spaces --port 5002 --state .local [--bucket stockroom]

Kept are the buckets, and the present version of every object: bytes, headers, metadata, ACL, date. Each change is on
on disk before its sender gets an answer. Settings of a bucket (versioning, life cycle, policy) are not kept.
"""

import argparse
import json
import logging
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee, FakeKey, S3Backend, s3_backends
from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REGION = "us-east-1"  # the only one in which moto makes a bucket without being told where; clients may sign for any

_SCHEMA = """
create table if not exists bucket (name text primary key);
create table if not exists object (
    bucket text not null,
    name text not null,
    body blob not null,
    etag text not null,
    modified text not null,
    metadata text not null,
    acl text not null,
    primary key (bucket, name)
);
"""


class Shelf:
    """The file in which buckets and objects are kept."""

    def __init__(self, file: Path, backend: S3Backend) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._backend = backend
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")  # outlives this process, if not a power cut
        self._database.executescript(_SCHEMA)

    def load(self) -> None:
        """Put everything back into the server."""
        for (bucket,) in self._database.execute("select name from bucket"):
            self._backend.create_bucket(bucket, _REGION)
        for row in self._database.execute("select bucket, name, body, etag, modified, metadata, acl from object"):
            bucket, name, body, etag, modified, metadata, acl = row
            key = self._backend.put_object(bucket, name, body, etag=etag, disable_notification=True)
            key.set_metadata(json.loads(metadata), replace=False)
            key.set_acl(_acl(json.loads(acl)))
            key.last_modified = datetime.fromisoformat(modified)

    def keep(self, bucket: str, name: str | None) -> None:
        """Write down how a bucket, or one object in it, is now."""
        with self._database:
            present = self._backend.buckets.get(bucket)
            if present is None:
                self._database.execute("delete from object where bucket = ?", (bucket,))
                self._database.execute("delete from bucket where name = ?", (bucket,))
                return
            self._database.execute("insert or ignore into bucket values (?)", (bucket,))
            for each in self._vanished(bucket, present.keys) if name is None else [name]:
                self._keep_object(bucket, each, present.keys.get(each))

    def _vanished(self, bucket: str, keys: Iterable[str]) -> list[str]:
        kept = self._database.execute("select name from object where bucket = ?", (bucket,))
        return [name for (name,) in kept.fetchall() if name not in keys]

    def _keep_object(self, bucket: str, name: str, key: Any) -> None:
        if not isinstance(key, FakeKey):  # gone, or hidden by a delete marker
            self._database.execute("delete from object where bucket = ? and name = ?", (bucket, name))
            return
        self._database.execute(
            "insert or replace into object values (?, ?, ?, ?, ?, ?, ?)",
            (
                bucket,
                name,
                key.value,
                key.etag.strip('"'),
                key.last_modified.isoformat(),
                json.dumps(dict(key.metadata)),
                json.dumps(_grants(key.acl)),
            ),
        )

    def close(self) -> None:
        """Finish the file."""
        self._database.close()


class WriteThrough:
    """The S3 server, with every change written down before it is confirmed.

    Changes are made one by one: moto looks at a condition first and writes then, which must not be interrupted.
    """

    def __init__(self, server: "WSGIApplication", shelf: Shelf) -> None:
        self._server = server
        self._shelf = shelf
        self._one_by_one = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("PUT", "POST", "DELETE"):
            return self._server(environ, start_response)
        with self._one_by_one:
            return self._change(environ, start_response)

    def _change(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        statuses: list[str] = []

        def remember(status: str, headers: Any, *more: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *more)

        answer = list(self._server(environ, remember))
        if statuses[-1].startswith("2"):
            self._shelf.keep(*_place(environ["PATH_INFO"]))
        return answer


def server(port: int, file: Path, buckets: Sequence[str]) -> tuple[BaseWSGIServer, Shelf]:
    """A server on this machine only, with what `file` holds and at least these buckets."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells every request
    application = create_backend_app("s3")
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    shelf = Shelf(file, backend)
    shelf.load()
    for bucket in buckets:
        if bucket not in backend.buckets:
            backend.create_bucket(bucket, _REGION)
            shelf.keep(bucket, None)
    through = WriteThrough(application, shelf)
    return make_server("127.0.0.1", port, through, threaded=True, request_handler=MotoRequestHandler), shelf


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m local.spaces", description="An S3 server that keeps its content.")
    parser.add_argument("--port", type=int, default=5002)
    parser.add_argument("--state", type=Path, default=Path(".local"), help="folder for what is kept (default .local)")
    parser.add_argument(
        "--bucket", action="append", default=[], help="make this bucket if it is not there; may be repeated"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening, shelf = server(
        options.port, options.state / "spaces" / "objects.sqlite", options.bucket or ["stockroom"]
    )
    try:
        print(f"Spaces is ready: http://localhost:{options.port}", flush=True)
        listening.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        listening.server_close()
        shelf.close()


def _place(path: str) -> tuple[str, str | None]:
    """Bucket and object of a path-style address."""
    bucket, _, name = path.encode("latin-1").decode().lstrip("/").partition("/")
    return bucket, name or None


def _grants(acl: FakeAcl | None) -> list[list[Any]]:
    return [
        [[(grantee.id, grantee.uri, grantee.display_name) for grantee in grant.grantees], grant.permissions]
        for grant in (acl.grants if acl else [])
    ]


def _acl(grants: list[list[Any]]) -> FakeAcl:
    return FakeAcl(
        [FakeGrant([FakeGrantee(*grantee) for grantee in grantees], permissions) for grantees, permissions in grants]
    )


if __name__ == "__main__":
    main()
