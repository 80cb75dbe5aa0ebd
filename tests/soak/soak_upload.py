"""`make soak-upload`: one large upload while web processes die by SIGKILL and lines are cut at random moments.

    python -m pytest tests/soak/soak_upload.py -s      SIZE_MIB=2048 KILLS=50 CUTS=200 STORES=folder,s3 SEED=2026

First, undisturbed, SPEED_MIB (the file's size; 512 with a store) are sent beside a raw copy of them (`upload_speed`);
with a folder the best upload must reach SPEED=0.6 of the best copy (from 1 GiB), with a store 0.6 of the
best direct put. Then the
file is sent with the breaks. In the end the stored bytes must have its SHA-256, no byte that the server ever
acknowledged may have been sent again or taken back, and no web process may have grown by more than 50 MiB from its own
first request to its peak. With `s3` two web processes share the load over a real S3 service: each attempt goes to the
other one, and nothing but the database and the store is shared. CHECKED=1: every piece comes with its SHA-256.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.services import s3_section
from tests.fixtures.stack import Stack, make_stack
from tests.integration.resilience.inventory import platform_of, scratch_files, sources, sweep_at_once
from tests.services import ceph_server
from tests.services.daemon import free_ports
from tests.soak.upload_sender import MIB, PATIENCE_S, Account, Person, Sender, breaks_at_random
from tests.soak.upload_speed import measure
from tests.soak.web_memory import WebMemory

SIZE_BYTES = int(os.environ.get("SIZE_MIB", "2048")) * MIB
SPEED_MIB = int(os.environ.get("SPEED_MIB", "0"))
#: Copies of less end in the caches of system and disk, and are no measure of an upload that syncs on the way.
SPEED_JUDGED_FROM_BYTES = 1024 * MIB
#: The store's bytes all lie in memory.
SPEED_MIB_OF_STORE = 512
KILLS = int(os.environ.get("KILLS", "50"))
CUTS = int(os.environ.get("CUTS", "200"))
STORES = os.environ.get("STORES", "folder,s3").split(",")
SEED = int(os.environ.get("SEED", "2026"))
SPEED_LEAST = float(os.environ.get("SPEED", "0.6"))
IS_CHECKED = os.environ.get("CHECKED", "0") == "1"
GROWTH_MAX_MIB = 50
pytestmark = pytest.mark.timeout(6 * 3600)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ceph_server.S3Server]:
    """A store with room for the file as pieces and whole, which gives room back soon after a deletion."""
    if ceph_server.missing_programs():
        pytest.skip("Ceph is not installed: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd")
    room_bytes = 4 * 1024 * MIB + 4 * SIZE_BYTES
    with ceph_server.running_ceph(room_bytes=room_bytes, keeps_deleted_s=5) as server:
        yield server


def make_file(path: Path, size: int) -> str:
    """Write random bytes; return their digest."""
    source, digest = random.Random(SEED), hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // MIB):
            block = source.randbytes(MIB)
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())  # or the disk would still be at it when speeds are measured
    return digest.hexdigest()


def second_host(stack: Stack) -> Stack:
    """Return another web host of the same installation, with a scratch folder of its own."""
    folder = stack.folder / "second"
    folder.mkdir()
    environ = {**stack.environ, "MEDIA_WORK_PATH": str(folder / "work")}
    port = free_ports()[0]
    url = f"http://127.0.0.1:{port}"
    return dataclasses.replace(stack, folder=folder, environ=environ, processes={}, port=port, url=url)


@pytest.fixture(params=STORES)
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Stack]]:
    changes = {}
    if request.param == "s3":
        store = s3_section(request.getfixturevalue("s3_server"))
        changes = {
            "STORE_KIND": "s3", "STORE_ENDPOINT": store.endpoint, "STORE_ACCESS_KEY": store.access_key,
            "STORE_SECRET_KEY": store.secret_key.get_secret_value(), "STORE_BUCKET": store.bucket,
            "STORE_SECURE": "false", "DATABASE_URL": request.getfixturevalue("make_postgres_database")(),
        }  # fmt: skip
    stacks = [make_stack(tmp_path, **changes)]
    platform_of(stacks[0].app).storage.ensure()
    if request.param == "s3":
        stacks.append(second_host(stacks[0]))
    try:
        for stack in stacks:
            stack.start_web(patience_s=PATIENCE_S)
        yield stacks
    finally:
        for stack in stacks:
            stack.stop()


def digest_of(stack: Stack, key: str) -> str:
    """Read an object of the store."""
    digest = hashlib.sha256()
    with contextlib.closing(platform_of(stack.app).storage.open_range(key)) as chunks:
        for chunk in chunks:
            digest.update(chunk)
    return digest.hexdigest()


def finish(stack: Stack) -> float:
    """Do what a worker does with the whole upload; return how long it took."""
    started_s = time.monotonic()
    while platform_of(stack.app).runner.work_once("default"):
        pass
    return time.monotonic() - started_s


def tell(line: str) -> None:
    """Print a figure, which is what this run is for."""
    print(f"\n{line}", end="", flush=True)  # noqa: T201  # as it says


def words_of(account: Account) -> str:
    """Return what happened to the bytes."""
    speed, checked = account.moved / MIB / account.moving_s, ", with checksums" if IS_CHECKED else ""
    return (
        f"{SIZE_BYTES // MIB} MiB{checked}, {account.kills} kills, {account.cuts} cuts; acknowledged bytes sent again"
        f" {account.sent_again}, taken back {account.taken_back}; sent beyond the file"
        f" {(account.sent - SIZE_BYTES) / MIB:.1f} MiB; {speed:.0f} MiB/s while moving, breaks and all"
    )


def test_a_large_upload_survives(hosts: list[Stack], tmp_path: Path) -> None:
    path, small, is_store = tmp_path / "big.bin", tmp_path / "speed.bin", len(hosts) > 1
    sha256 = make_file(path, SIZE_BYTES)
    speed_bytes = min(SIZE_BYTES, MIB * (SPEED_MIB or (SPEED_MIB_OF_STORE if is_store else SIZE_BYTES // MIB)))
    make_file(small, speed_bytes)
    person, memory = Person(hosts), WebMemory(hosts)
    for host in hosts:
        memory.born(host)  # after the sign-in, whose password hash takes 64 MiB for a moment
    speeds = measure(person, small, platform_of(hosts[0].app).storage if is_store else None)
    small.unlink()
    tell(f"{len(hosts)} web, undisturbed, {speed_bytes // MIB} MiB, {speeds.told()}")

    breaks = breaks_at_random(SIZE_BYTES, kills=KILLS, cuts=CUTS, seed=SEED)
    sender = Sender(person, path, breaks, memory, is_checked=IS_CHECKED)
    started_s = time.monotonic()
    sender.run()
    took_s, account = time.monotonic() - started_s, sender.account
    memory.look()
    finish_s = finish(hosts[0])
    (source,) = sources(hosts[0].app)
    stored = digest_of(hosts[0], source.storage_key)
    sweep_at_once(hosts[0].app)

    tell(f"{'s3' if is_store else 'folder'}, {words_of(account)}: {took_s:.0f} s; finishing {finish_s:.1f} s")
    tell(f"memory of {len(memory.lives)} web processes, none grown by more than {memory.growth_mib:.1f} MiB")
    tell(memory.table())
    assert stored == sha256 == source.sha256
    assert (account.sent_again, account.taken_back) == (0, 0)
    assert (account.kills, account.cuts) == (KILLS, CUTS)
    assert memory.growth_mib <= GROWTH_MAX_MIB
    assert scratch_files(hosts[0].app) == []
    assert list(platform_of(hosts[0].app).storage.list_keys("incoming")) == []
    if is_store or speed_bytes >= SPEED_JUDGED_FROM_BYTES:
        assert (speeds.of_put if is_store else speeds.of_copy) >= SPEED_LEAST
