"""The servers of a laptop: they keep what they were given, and end what a crash left behind."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats
import nats.errors
import pytest

from chassis.hosting.local import ADMIN, LocalAddresses, LocalServers, end_leftover

CRASH = """
import os, pathlib, sys
from chassis.hosting.local import LocalServers
servers = LocalServers(pathlib.Path(sys.argv[1]), ["party"])
servers.start()
print(*(process.pid for process, _ in servers._processes), flush=True)
os._exit(9)
"""


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids_of(servers: LocalServers) -> list[int]:
    return [process.pid for process, _ in servers._processes]


def ports_of(addresses: LocalAddresses) -> list[int]:
    return [urlsplit(url).port for url in (addresses.database.url, addresses.nats_url)]


@contextlib.contextmanager
def servers_in(home: Path):
    """Give servers of a folder; whatever happens they are stopped."""
    servers = LocalServers(home, ["party"])
    try:
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder whose servers the tests start in turn; the first start makes everything."""
    folder = tmp_path_factory.mktemp("local") / "home"
    yield folder
    LocalServers(folder, ["party"]).remove()


async def admin_of(addresses: LocalAddresses) -> asyncpg.Connection:
    return await asyncpg.connect(addresses.database.dsn_of(ADMIN))


async def nats_of(addresses: LocalAddresses, password: str = "") -> nats.NATS:
    secret = password or (addresses.nats_passwords / "party").read_text().strip()
    return await nats.connect(
        addresses.nats_url, user="party", password=secret, allow_reconnect=False, connect_timeout=5
    )


async def put(addresses: LocalAddresses, row: str) -> None:
    """Write a row and an event."""
    admin = await admin_of(addresses)
    await admin.execute("CREATE TABLE IF NOT EXISTS kept (row text)")
    await admin.execute("INSERT INTO kept VALUES ($1)", row)
    await admin.close()
    client = await nats_of(addresses)
    stream = client.jetstream()
    await stream.add_stream(name="kept", subjects=["banyan.*.party.>"])
    await stream.publish("banyan.t.party.kept.made", row.encode())
    await client.close()


async def kept(addresses: LocalAddresses) -> tuple[list[str], int]:
    """Give the rows, and how many events there are."""
    admin = await admin_of(addresses)
    rows = [row[0] for row in await admin.fetch("SELECT row FROM kept ORDER BY row")]
    await admin.close()
    client = await nats_of(addresses)
    events = (await client.jetstream().stream_info("kept")).state.messages
    await client.close()
    return rows, events


async def test_what_was_kept_is_there_after_a_stop_and_a_start(home):
    with servers_in(home) as servers:
        await put(await asyncio.to_thread(servers.start), "first")
        first = pids_of(servers)
        assert all(map(is_alive, first))
    assert not any(map(is_alive, first)), "a stop waits until they are gone"
    with servers_in(home) as servers:
        addresses = await asyncio.to_thread(servers.start)
        await put(addresses, "second")
        assert await kept(addresses) == (["first", "second"], 2)
    assert not any(map(is_alive, pids_of(servers)))


def test_a_stop_is_harmless_when_nothing_runs(home):
    servers = LocalServers(home, ["party"])
    servers.stop()
    servers.stop()


async def test_what_a_crash_left_behind_is_ended_and_nothing_is_lost(home):
    with servers_in(home) as servers:
        before = await kept(await asyncio.to_thread(servers.start))
    crashed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", CRASH, str(home)], capture_output=True, check=False
    )
    left = [int(pid) for pid in crashed.stdout.split()]
    assert (crashed.returncode, len(left)) == (9, 2), crashed.stderr.decode()
    assert all(map(is_alive, left)), "they outlive their owner"
    with servers_in(home) as servers:
        addresses = await asyncio.to_thread(servers.start)
        assert not any(map(is_alive, left))
        assert await kept(addresses) == before


def test_a_process_that_merely_has_the_pid_is_left_alone(tmp_path):
    """After a reboot the pid in the file is somebody else's."""
    with subprocess.Popen(["sleep", "600"]) as innocent:
        end_leftover(innocent.pid, str(tmp_path), signal.SIGKILL)
        end_leftover(0, str(tmp_path), signal.SIGKILL)
        assert innocent.poll() is None
        innocent.kill()


def test_a_leftover_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("chassis.hosting.local._STOP_SECONDS_MAX", 0.2)
    script = "import signal, time; signal.signal(2, signal.SIG_IGN); print(1, flush=True)"
    command = [sys.executable, "-c", f"{script}; time.sleep(600)", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as stubborn:
        stubborn.stdout.readline()
        end_leftover(stubborn.pid, str(tmp_path), signal.SIGINT)
        assert stubborn.wait(10) == -signal.SIGKILL


def test_the_secrets_and_data_are_the_owners_alone(home):
    with servers_in(home) as servers:
        servers.start()
        secret = [file for file in (home / "secrets").rglob("*") if file.is_file()]
        assert {file.name for file in secret} >= {ADMIN, "party"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}
        folders = {file.parent for file in secret}
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
        data = (home / "data").resolve()
        assert stat.S_IMODE((data / "postgres").stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE((data / "nats.json").stat().st_mode) == 0o600
        passwords = [file.read_text().encode() for file in secret]
        for file in data.glob("*"):
            if file.is_file() and file.stat().st_size < 100_000 and file.name != "nats.json":
                assert not any(word in file.read_bytes() for word in passwords), file
        for log in (home / "logs").iterdir():
            assert not any(word in log.read_bytes() for word in passwords), log
        for pid in pids_of(servers):
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            assert not any(word in line for word in passwords), "anybody can read a command line"


def test_the_servers_run_without_the_rights_of_root(home):
    with servers_in(home) as servers:
        servers.start()
        wanted = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        for pid in pids_of(servers):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            uids = next(line for line in lines if line.startswith("Uid:")).split()[1:]
            assert set(uids) == {str(wanted)}
        assert wanted != 0


async def test_the_servers_want_a_password_and_listen_to_this_machine_alone(home, tmp_path):
    with servers_in(home) as servers:
        addresses = await asyncio.to_thread(servers.start)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(addresses.database.url, user=ADMIN, password="wrong")
        with pytest.raises((nats.errors.Error, OSError)):
            await nats_of(addresses, "wrong")
        elsewhere = socket.gethostbyname(socket.gethostname())
        for port in ports_of(addresses):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) == 0
            if not elsewhere.startswith("127."):
                with socket.socket() as probe:
                    assert probe.connect_ex((elsewhere, port)) != 0


def test_a_server_that_cannot_start_leaves_none_running(tmp_path, home, monkeypatch):
    """NATS fails after PostgreSQL is up: PostgreSQL is stopped too."""
    servers = LocalServers(home, ["party"])
    started: list[int] = []

    def fail() -> str:
        started.extend(pids_of(servers))
        raise OSError("no NATS")

    monkeypatch.setattr(servers, "_start_nats", fail)
    with pytest.raises(OSError, match="no NATS"):
        servers.start()
    assert len(started) == 1
    deadline = time.monotonic() + 10
    while any(map(is_alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, started))


async def test_data_whose_passwords_are_gone_is_set_aside_and_named(home):
    with servers_in(home) as servers:
        assert servers.set_aside == []
        shutil.rmtree(home / "secrets" / "database")
        addresses = await asyncio.to_thread(servers.start)
        admin = await admin_of(addresses)
        assert await admin.fetchval("SELECT to_regclass('kept')") is None
        await admin.close()
        (aside,) = servers.set_aside
        assert (aside / "PG_VERSION").exists()
