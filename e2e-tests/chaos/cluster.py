"""One process per service, at addresses that stay; each part can be killed and started again."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from running import (
    BIN,
    START_SECONDS_MAX,
    environment,
    wait_ready,
)

from chassis import errors
from chassis.access import Claims, KeyRing
from chassis.database import Address
from chassis.hosting import Settings, installed_services
from chassis.hosting.cli import local_settings, migrate_all
from chassis.hosting.founding import found_local_tenant, local_ids
from chassis.hosting.local import ADMIN, LocalServers
from chassis.rpc import Channels, WireChannel

NATS = "nats"
_POLL_SECONDS = 0.02
# Below the range a kernel takes for outgoing connections: nobody gets the port of a killed process.
_PORTS = range(20_000, 32_000)


class Cluster:
    """The running parts of one home folder.

    Attributes:
        url: of the public door.
        kept: the services that keep something: those with a change log.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.services = installed_services()
        self.kept = [name for name, service in self.services.items() if service.has_database]
        self._servers = LocalServers(home, self.services)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._settings = Settings(home=home)
        self._ports: dict[str, int] = {}
        self._partners = ""
        self._nats_command: list[str] = []
        self.url = ""

    # --- the whole

    def start(self) -> None:
        """Start the servers and every service, and found the local firm."""
        self._settings = local_settings(self._settings, self._servers.start())
        self._remember_nats()
        asyncio.run(migrate_all(self.services, self._settings))
        free = _free_ports()
        self._ports = dict(zip(self.services, free, strict=False))
        self._partners = f"127.0.0.1:{next(free)}"
        for name in self.services:
            self.start_service(name)
        self.url = f"http://127.0.0.1:{self._ports['gateway']}"
        wait_ready(self.url, self._running["gateway"])
        asyncio.run(self._found())
        self._wait_answering()

    def stop(self) -> None:
        """Ctrl-C to every service, then stop the servers; nothing of it stays."""
        for process in self._running.values():
            process.send_signal(signal.SIGINT)
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._servers.stop()
        self._servers.remove()

    # --- its parts

    def kill(self, part: str) -> None:
        """End NATS or a service as a power cut does."""
        process = self._running.pop(part)
        process.kill()
        process.wait()

    def revive(self, part: str) -> None:
        """Start a killed part again, at its address and with its data."""
        if part == NATS:
            self._start_nats()
        else:
            self.start_service(part)

    def start_service(self, name: str) -> None:
        """Start a service; what it writes goes to a file, so that it never waits for a reader."""
        own = {"BANYAN_GRPC_LISTEN": self.target(name)}
        if self.services[name].front is not None:
            own = {"BANYAN_PORT": str(self._ports[name]), "BANYAN_PARTNER_LISTEN": self._partners}
        with self.log(name).open("ab") as output:
            self._running[name] = subprocess.Popen(
                [str(BIN / "banyan"), "serve", "--target", name],
                env=environment(**self._shared(), **own),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ended(self) -> list[str]:
        """Name the parts that have ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def token(self) -> str:
        """Sign a token for the local administrator, as `banyan token` does."""
        ids = local_ids(self.home)
        claims = Claims(tenant_id=ids["tenant_id"], user_id=ids["user_id"])
        return KeyRing(self._settings.keys).sign("identity", claims)

    def _wait_answering(self) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        headers = {"authorization": f"Bearer {self.token()}"}
        for path in ("sources", "opportunities", "orgUnits", "auditRecords"):
            while httpx.get(f"{self.url}/v1/{path}", headers=headers).status_code == 503:
                assert time.monotonic() < until, f"{path} did not answer"
                time.sleep(_POLL_SECONDS)

    async def _found(self) -> None:
        """Found the local firm as soon as identity answers."""
        channels = Channels(KeyRing(self._settings.keys))
        channels.connect("identity", WireChannel(self.target("identity"), "identity"))
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                await found_local_tenant(channels, self.home)
                break
            except errors.Unavailable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_POLL_SECONDS)
        await channels.close()

    def _remember_nats(self) -> None:
        """Take the server over from `LocalServers`, which would know of one start only."""
        found = next(p for p in self._servers._processes if "nats-server" in str(p[0].args))
        self._running[NATS] = found[0]
        self._nats_command = list(found[0].args)

    def _start_nats(self) -> None:
        started = len(self._servers._processes)
        log = self.log(NATS)
        self._running[NATS] = self._servers._spawn(self._nats_command, log, signal.SIGTERM)
        del self._servers._processes[started:]
        until = time.monotonic() + START_SECONDS_MAX
        while not _listens(int(self._settings.nats_url.rpartition(":")[2])):
            if self._running[NATS].poll() is not None or time.monotonic() > until:
                raise AssertionError(f"NATS did not come back; see {log}")
            time.sleep(_POLL_SECONDS)

    # --- where things are

    @property
    def settings(self) -> Settings:
        """What the services were given."""
        return self._settings

    @property
    def admin_dsn(self) -> str:
        """The database, for someone who sees all tenants."""
        return Address(self._settings.database_url, self._settings.database_passwords).dsn_of(ADMIN)

    def target(self, name: str) -> str:
        """Give the gRPC address of a service."""
        return f"127.0.0.1:{self._ports[name]}"

    def log(self, name: str) -> Path:
        """Give the file with what a part wrote."""
        return self.home / "logs" / f"{name}.log"

    def _shared(self) -> dict[str, str]:
        settings = self._settings
        return {
            "BANYAN_HOME": str(self.home),
            "BANYAN_DATABASE_URL": settings.database_url,
            "BANYAN_DATABASE_PASSWORDS": str(settings.database_passwords),
            "BANYAN_NATS_URL": settings.nats_url,
            "BANYAN_NATS_PASSWORDS": str(settings.nats_passwords),
            "BANYAN_KEYS": str(settings.keys),
            "BANYAN_PAGE_TOKEN_KEY": str(settings.page_token_key),
            "BANYAN_ADDRESSES": ",".join(f"{name}={self.target(name)}" for name in self._ports),
        }


@contextmanager
def cluster(home: Path) -> Generator[Cluster]:
    """Run a cluster of its own; in the end nothing of it runs and its data is gone."""
    made = Cluster(home)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _free_ports() -> Generator[int]:
    start = time.time_ns() % len(_PORTS)
    for port in (*_PORTS[start:], *_PORTS[:start]):
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
