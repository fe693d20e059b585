"""A real Ceph object gateway on loopback: the software behind DigitalOcean Spaces, in memory, up in two seconds.

    with RadosGateway(folder) as ceph:
        ceph.http, ceph.https, ceph.certificate

One monitor, one storage daemon, one gateway; no container, no root, nothing left behind. By hand, for any S3 client:

    python -m tests.ceph.rados_gateway

Programs: `apt-get install ceph-mon ceph-osd ceph-common radosgw` on Debian or Ubuntu.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from tests.ceph.certificate import write_self_signed

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
ACCESS_KEY = "ceph-test-key"
SECRET_KEY = "ceph-test-secret"

# Nothing of ours: CEPH_ARGS would change what they do, and PYTHONPATH what `ceph`, which is a script, imports.
_ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath)}
_PATIENCE = 60.0  # seconds; a start takes two, a loaded machine may need more
_POLL = 0.02

_CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor_port}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
crash dir = {folder}

# Nobody but this machine can reach it. Without authentication there is no key for the encrypted connection that the
# gateway makes to the monitor by default, hence crc.
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc

# One daemon holds everything, once.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000

[mon]
mon data = {folder}/mon
# A nearly full disk is no reason to refuse: nothing is stored on it.
mon data avail crit = 1
mon data avail warn = 2
# Its patience between decisions is what a start consists of: 12 s with the defaults, 2 s with these.
paxos propose interval = 0.05
paxos min wait = 0.01

[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296

[client.rgw]
# Without tcp_nodelay every small answer waits 40 ms.
rgw frontends = beast endpoint=127.0.0.1:{http_port} ssl_endpoint=127.0.0.1:{https_port} \
ssl_certificate={certificate} ssl_private_key={private_key} tcp_nodelay=1
rgw enable apis = s3, admin
rgw crypt require ssl = false
rgw rados pool pg num min = 1
rgw dynamic resharding = false
rgw enable usage log = false
"""


class RadosGateway:
    """Runs while its `with` block does. `folder` is for its configuration and logs and must be empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        monitor_port, http_port, https_port = free_ports(3)
        self._http_port = http_port
        self._monitor = f"[v2:127.0.0.1:{monitor_port}]"
        self._fsid = str(uuid.uuid4())
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._configuration = folder / "ceph.conf"
        self.http = f"http://127.0.0.1:{http_port}"
        self.https = f"https://127.0.0.1:{https_port}"
        self.certificate, private_key = write_self_signed(folder)
        self._configuration.write_text(
            _CONFIGURATION.format(
                fsid=self._fsid,
                folder=folder,
                monitor_port=monitor_port,
                http_port=http_port,
                https_port=https_port,
                certificate=self.certificate,
                private_key=private_key,
            ),
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        try:
            self._start_monitor()
            self._start_storage()
            self._start_gateway()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill the daemons: all they have is memory, and a polite end takes them five seconds."""
        for daemon in reversed(self._daemons):
            daemon.kill()
            daemon.wait()
        self._daemons.clear()

    def _start_monitor(self) -> None:
        (self.folder / "mon").mkdir()
        monitor_map = str(self.folder / "monmap")
        self._run("monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", self._monitor, monitor_map)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monitor_map)
        self._start("ceph-mon", "-i", "a", "-f")

    def _start_storage(self) -> None:
        (self.folder / "osd").mkdir()
        identity = str(uuid.uuid4())
        self._run("ceph", "osd", "new", identity, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)
        self._start("ceph-osd", "-i", "0", "-f")

    def _start_gateway(self) -> None:
        keys = ("--access-key", ACCESS_KEY, "--secret", SECRET_KEY)
        self._run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=test", "--display-name=test", *keys)
        gateway = self._start("radosgw", "-n", "client.rgw", "-f")
        deadline = time.monotonic() + _PATIENCE
        while not _listens(self._http_port):
            if gateway.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The Ceph gateway did not start:\n{self._output('radosgw')}")
            time.sleep(_POLL)

    def _run(self, program: str, *arguments: str) -> None:
        """One step of the set-up, to its end. What needs the monitor or the storage waits for it by itself."""
        with self._log(program) as log:
            result = subprocess.run(
                self._command(program, *arguments),
                env=_ENVIRONMENT,
                stdout=log,
                stderr=log,
                timeout=_PATIENCE,
                check=False,
            )
        if result.returncode:
            raise RuntimeError(f"{program} {arguments[0]} failed:\n{self._output(program)}")

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log(program) as log:
            daemon = subprocess.Popen(
                [*_dies_with_its_parent(), *self._command(program, *arguments)],
                env=_ENVIRONMENT,
                stdout=log,
                stderr=log,
            )
        self._daemons.append(daemon)
        return daemon

    def _command(self, program: str, *arguments: str) -> list[str]:
        configured = () if program == "monmaptool" else ("-c", str(self._configuration))
        return [program, *configured, *arguments]

    def _log(self, program: str) -> IO[bytes]:
        return (self.folder / f"{program}.out").open("ab")

    def _output(self, program: str) -> str:
        return (self.folder / f"{program}.out").read_text(errors="replace")[-2000:]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _dies_with_its_parent() -> list[str]:
    """Prefix of a command that the kernel ends when we are killed and cannot do it."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


@contextlib.contextmanager
def running() -> Iterator[RadosGateway]:
    """A gateway whose files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ceph-") as folder, RadosGateway(Path(folder)) as ceph:
        yield ceph


def main() -> None:
    with running() as ceph:
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # so that they are waited for
        facts = (ceph.http, ceph.https, "certificate", ceph.certificate, "key", ACCESS_KEY, "secret", SECRET_KEY)
        print(*facts, flush=True)  # noqa: T201 - what it was started for
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
