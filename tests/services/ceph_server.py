"""A real S3 service on loopback: one Ceph monitor, one in-memory OSD, a RADOS gateway; made for tests, never for data.

No manager daemon: nothing here needs it. The keyring, the map and the configuration are written fresh each time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.services.daemon import Daemon, answers, free_ports, private_folder, run_tool

_PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
_START_TIMEOUT_S = 60.0

_CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
mon initial members = a
ms bind msgr1 = false
public addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
# One copy of everything, in as few placement groups as there can be
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
# A full disk of the machine is no concern of a store in memory
mon data avail warn = 1
mon data avail crit = 1
osd objectstore = memstore
memstore device bytes = {room_bytes}
osd max object size = 134217728
osd memory target = 939524096
# All files in the private folder
keyring = {folder}/keyring
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
crash dir = {folder}/log
log file = {folder}/log/$name.log
mon cluster log file = {folder}/log/cluster.log
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
{modules}
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{s3_port} tcp_nodelay=1
rgw thread pool size = 32
rgw dns name = localhost
rgw enable usage log = false
rgw enable ops log = false
rgw gc obj min wait = {keeps_deleted_s}
rgw gc processor period = {keeps_deleted_s}
rgw gc processor max time = {keeps_deleted_s}
"""

#: Debian's folders of loadable modules; elsewhere Ceph's own defaults hold.
_MODULES = {"plugin dir": "ceph", "osd class dir": "rados-classes", "erasure code dir": "ceph/erasure-code"}


def missing_programs() -> list[str]:
    """Return which of the needed programs are not installed."""
    return [program for program in _PROGRAMS if shutil.which(program) is None]


@dataclass(frozen=True)
class S3Server:
    """Where a running S3 service listens and with which keys; speaks plain HTTP."""

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path
    region: str = "us-east-1"
    secure: bool = False

    def with_quota(self, max_bytes: int) -> S3Server:
        """Return the same service seen by another, new account that may store at most `max_bytes`."""
        user_id = f"small-{secrets.token_hex(4)}"
        limited = replace(self, access_key=secrets.token_hex(10), secret_key=secrets.token_hex(20))
        limited.create_user(user_id)
        scope = ["--quota-scope=user", f"--uid={user_id}"]
        run_tool([*_admin(self.folder), "quota", "set", *scope, f"--max-size={max_bytes}"])
        run_tool([*_admin(self.folder), "quota", "enable", *scope])
        return limited

    def create_user(self, user_id: str) -> None:
        """Make the account of this object's keys; waits until the store behind the gateway is up."""
        keys = [f"--access-key={self.access_key}", f"--secret-key={self.secret_key}"]
        run_tool(
            [*_admin(self.folder), "user", "create", f"--uid={user_id}", f"--display-name={user_id}", *keys],
            timeout_s=_START_TIMEOUT_S,
            logs=_logs(self.folder),
        )


def _logs(folder: Path) -> list[Path]:
    return [folder / "log" / f"{name}.log" for name in ("mon.a", "osd.0", "client.rgw")]


def _admin(folder: Path) -> list[str]:
    return ["radosgw-admin", "-c", str(folder / "ceph.conf"), "-n", "client.rgw"]


@dataclass(frozen=True)
class _Limits:
    """What a store in memory may hold, and how long deleted bytes go on to fill it."""

    room_bytes: int
    keeps_deleted_s: int


def _write_configuration(folder: Path, mon_port: int, s3_port: int, limits: _Limits) -> str:
    for name in ("mon", "osd", "run", "log", "rgw"):
        (folder / name).mkdir()
    fsid = str(uuid.uuid4())
    library = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu"
    modules = "\n".join(f"{name} = {library / path}" for name, path in _MODULES.items() if (library / path).is_dir())
    (folder / "ceph.conf").write_text(
        _CONFIGURATION.format(
            fsid=fsid, mon_port=mon_port, s3_port=s3_port, folder=folder, modules=modules, **asdict(limits)
        )
    )
    return fsid


def _write_keyring(folder: Path) -> None:
    keyring = str(folder / "keyring")
    run_tool(["ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"])
    everything = [part for part in ("mon", "osd", "mgr") for part in ("--cap", part, "allow *")]
    for name in ("client.admin", "client.rgw", "osd.0"):
        run_tool(["ceph-authtool", keyring, "--gen-key", "-n", name, *everything])


def _start(folder: Path, name: str, program: str, *arguments: str) -> Daemon:
    return Daemon(
        [program, "-f", *arguments, "-c", str(folder / "ceph.conf")],
        log=folder / "log" / f"{name}.out",
        stop_signal=signal.SIGKILL,  # the data lives in memory: there is nothing to put in order
    )


@contextlib.contextmanager
def running_ceph(*, room_bytes: int = 4 * 1024**3, keeps_deleted_s: int = 7200) -> Iterator[S3Server]:
    """Run a fresh monitor, OSD and gateway until the block ends; any account may do so."""
    with private_folder("ceph") as folder, contextlib.ExitStack() as daemons:
        mon_port, s3_port = free_ports(2)
        fsid = _write_configuration(folder, mon_port, s3_port, _Limits(room_bytes, keeps_deleted_s))
        _write_keyring(folder)
        configuration = ["-c", str(folder / "ceph.conf")]
        logs = _logs(folder)
        server = S3Server(f"127.0.0.1:{s3_port}", secrets.token_hex(10), secrets.token_hex(20), folder)

        map_file = str(folder / "monmap")
        run_tool(["monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", map_file])
        run_tool(
            [
                "ceph-mon",
                "--mkfs",
                "-i",
                "a",
                "--monmap",
                map_file,
                "--keyring",
                str(folder / "keyring"),
                *configuration,
            ]
        )
        mon = _start(folder, "mon", "ceph-mon", "-i", "a")
        daemons.callback(mon.stop)
        mon.wait_until(lambda: answers(mon_port), timeout_s=_START_TIMEOUT_S, logs=logs)

        osd_uuid = str(uuid.uuid4())
        run_tool(["ceph", *configuration, "osd", "new", osd_uuid], timeout_s=_START_TIMEOUT_S, logs=logs)
        run_tool(["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_uuid, *configuration], logs=logs)
        osd = _start(folder, "osd", "ceph-osd", "-i", "0")
        daemons.callback(osd.stop)

        server.create_user("test")
        gateway = _start(folder, "rgw", "radosgw", "-n", "client.rgw")
        daemons.callback(gateway.stop)
        gateway.wait_until(lambda: answers(s3_port), timeout_s=_START_TIMEOUT_S, logs=logs)
        yield server
