"""The bucket on this machine: what was confirmed is still there, however the server ended."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.spaces import WriteThrough

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ROOT = Path(__file__).parents[2]
KEYS = [
    "a b+c%20d",
    "ключ/ü",
    "x//y",
    "folder/",
    "q?a=b&c#d",
    ".stockroom/inbox/1",
]


class Server:
    """`python -m local.spaces` in a process of its own."""

    def __init__(self, state: Path, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "local.spaces", "--port", str(self.port), "--state", str(state), *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.told = self.process.stdout.readline()

    def client(self, region: str = "nyc3") -> "S3Client":
        return boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://localhost:{self.port}",
            region_name=region,
            aws_access_key_id="stockroom-local",
            aws_secret_access_key="stockroom-local-secret",
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )


@contextlib.contextmanager
def serving(state: Path, *arguments: str, region: str = "nyc3") -> Iterator["S3Client"]:
    """A client of a server that is killed when the block ends."""
    server = Server(state, *arguments)
    try:
        client = server.client(region)
        yield client
        client.close()
    finally:
        server.process.kill()
        server.process.communicate(timeout=10)


@dataclass
class Past:
    """What the first server confirmed before it was killed."""

    head: Any
    parts: Any
    etag: str


SNAPSHOT = "acme.myshopify.com/shopify_data.json"


def fill(client: "S3Client") -> Past:
    client.put_object(
        Bucket="stockroom",
        Key=SNAPSHOT,
        Body=b'{"data": {}}',
        ContentType="application/json",
        CacheControl="no-store",
        ContentEncoding="gzip",
        Metadata={"content-hash": "abc"},
        ACL="public-read",
    )
    for key in ("copied", "overwritten", "deleted", *KEYS):
        client.put_object(Bucket="stockroom", Key=key, Body=b"first")
    client.put_object(Bucket="stockroom", Key="overwritten", Body=b"second")
    client.copy_object(Bucket="stockroom", Key="copy", CopySource="stockroom/copied")
    client.delete_object(Bucket="stockroom", Key="deleted")
    client.put_object(Bucket="stockroom", Key="also deleted", Body=b"")
    client.delete_objects(Bucket="stockroom", Delete={"Objects": [{"Key": "also deleted"}]})
    client.create_bucket(Bucket="third")
    client.delete_bucket(Bucket="second")
    return Past(
        head=client.head_object(Bucket="stockroom", Key=SNAPSHOT),
        parts=in_parts(client),
        etag=client.put_object(Bucket="stockroom", Key="contested", Body=b"first")["ETag"],
    )


def in_parts(client: "S3Client") -> Any:
    upload = client.create_multipart_upload(Bucket="stockroom", Key="parts", ContentType="text/plain")["UploadId"]
    part = client.upload_part(Bucket="stockroom", Key="parts", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    return client.complete_multipart_upload(Bucket="stockroom", Key="parts", UploadId=upload, MultipartUpload=parts)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["S3Client", Past]]:
    """A server that was filled, killed, and started again."""
    state = tmp_path_factory.mktemp("state")
    with serving(state, "--bucket", "stockroom", "--bucket", "second", region="us-east-1") as client:
        past = fill(client)
    with serving(state) as client:
        yield client, past


Restarted = tuple["S3Client", Past]


def test_everything_about_an_object_outlives_a_kill(restarted: Restarted) -> None:
    client, past = restarted
    kept: Any = client.get_object(Bucket="stockroom", Key=SNAPSHOT)
    assert kept["Body"].read() == b'{"data": {}}'
    for name in ("ETag", "LastModified", "ContentType", "CacheControl", "ContentEncoding", "Metadata"):
        assert kept[name] == past.head[name], name
    grants = client.get_object_acl(Bucket="stockroom", Key=SNAPSHOT)["Grants"]
    assert any(grant["Grantee"].get("URI", "").endswith("/AllUsers") for grant in grants)


def test_whatever_was_put_overwritten_copied_or_deleted_stays_so(restarted: Restarted) -> None:
    client, _ = restarted
    there = [entry["Key"] for entry in client.list_objects_v2(Bucket="stockroom")["Contents"]]
    assert set(there) - {"created"} == {SNAPSHOT, "copied", "copy", "overwritten", "parts", "contested", *KEYS}
    assert client.get_object(Bucket="stockroom", Key="overwritten")["Body"].read() == b"second"
    assert client.get_object(Bucket="stockroom", Key="copy")["Body"].read() == b"first"


def test_an_upload_in_parts_is_kept_with_its_etag(restarted: Restarted) -> None:
    client, past = restarted
    kept = client.get_object(Bucket="stockroom", Key="parts")
    assert (kept["ETag"], kept["ContentType"], kept["ContentLength"]) == (past.parts["ETag"], "text/plain", 100)


def test_buckets_made_and_removed_stay_so_and_wanted_ones_are_made(restarted: Restarted) -> None:
    client, _ = restarted
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["stockroom", "third"]


def test_an_etag_from_before_the_kill_still_guards_a_write(restarted: Restarted) -> None:
    client, past = restarted
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket="stockroom", Key="contested", Body=b"other", IfNoneMatch="*")
    client.put_object(Bucket="stockroom", Key="contested", Body=b"second", IfMatch=past.etag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket="stockroom", Key="contested", Body=b"third", IfMatch=past.etag)


def test_of_many_who_create_the_same_object_at_once_one_succeeds(restarted: Restarted) -> None:
    client, _ = restarted

    def create(number: int) -> bool:
        try:
            client.put_object(Bucket="stockroom", Key="created", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(16))) == 1


def test_a_private_object_is_not_for_everybody(restarted: Restarted) -> None:
    client, _ = restarted
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"{client.meta.endpoint_url}/stockroom/copied", timeout=5)
    refused.value.close()
    assert refused.value.code == 403


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_when_told(tmp_path: Path, number: int) -> None:
    server = Server(tmp_path)
    assert server.told == f"Spaces is ready: http://localhost:{server.port}\n"
    client = server.client()
    client.put_object(Bucket="stockroom", Key="a", Body=b"1")
    client.close()
    server.process.send_signal(number)
    out, error = server.process.communicate(timeout=10)
    assert (server.process.returncode, out, error) == (0, "", "")


def test_two_changes_are_never_made_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=0.3)

    def server(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(threading.BrokenBarrierError):
            meeting.wait()  # nobody else comes while this change is made
        start_response("200 OK", [])
        return [environ["REQUEST_METHOD"].encode()]

    class Shelf:
        def keep(self, *place: str | None) -> None:
            kept.append(place)

    kept: list[tuple[str | None, ...]] = []
    through = WriteThrough(server, Shelf())  # type: ignore[arg-type]
    request = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/bucket/a/b"}
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: through(request, lambda *_: None), range(2)))  # type: ignore[arg-type]
    assert answers == [[b"PUT"], [b"PUT"]]
    assert kept == [("bucket", "a/b")] * 2
