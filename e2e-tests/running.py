"""A running Banyan as people have it: one process, or one process per service.

``BANYAN_E2E_MODE=split`` starts a process per service; the tests are the same.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chassis.hosting import Settings, installed_services
from chassis.hosting.cli import local_settings, migrate_all
from chassis.hosting.local import LocalServers, free_ports

BIN = Path(sys.prefix) / "bin"
START_SECONDS_MAX = 60


@dataclass
class Banyan:
    """The public door, and the administrator's token."""

    url: str
    home: Path
    partners: str = ""

    def token(self, *arguments: str) -> str:
        """Print a token with the command people use."""
        found = subprocess.run(
            [BIN / "banyan", "token", *arguments],
            env=environment(BANYAN_HOME=str(self.home)),
            check=True,
            capture_output=True,
            text=True,
        )
        return found.stdout.strip()

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command people use against this Banyan."""
        return subprocess.run(
            [BIN / "banyan", *arguments, "--url", self.url],
            env=environment(BANYAN_HOME=str(self.home)),
            check=False,
            capture_output=True,
            text=True,
        )

    def report(self, *arguments: str | Path) -> Any:
        """Run a command that succeeds; give the JSON it prints."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def client(self, *arguments: str) -> httpx.Client:
        """Give an HTTP client signed in as the administrator."""
        headers = {"authorization": f"Bearer {self.token(*arguments)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


def counts(job: Any) -> dict[str, list[int]]:
    """Give by noun what an import made, changed, and found as it was."""
    words = ("created", "updated", "unchanged")
    return {c["noun"]: [int(c.get(word, 0)) for word in words] for c in job["counts"]}


def environment(**settings: str) -> dict[str, str]:
    """Give this environment without the variables that steer the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
    return {**kept, **settings}


@contextmanager
def process(*command: str, **settings: str) -> Generator[subprocess.Popen[str]]:
    """Run a command in a session of its own; Ctrl-C at the end, and it must end by itself."""
    running = subprocess.Popen(
        command,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
        try:
            running.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            running.kill()
            raise


def wait_ready(url: str, running: subprocess.Popen[str]) -> None:
    """Wait until /readyz says yes."""
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        if running.poll() is not None:
            raise AssertionError(f"ended: {running.communicate()[0]}")
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} did not become ready")


@contextmanager
def one_process(home: Path, _: LocalServers) -> Generator[Banyan]:
    """Run `banyan up`, as on a laptop."""
    port, partner_port = free_ports(2)
    doors = {"BANYAN_PORT": str(port), "BANYAN_PARTNER_LISTEN": f"127.0.0.1:{partner_port}"}
    with process(str(BIN / "banyan"), "up", BANYAN_HOME=str(home), **doors) as up:
        found = Banyan(f"http://127.0.0.1:{port}", home, doors["BANYAN_PARTNER_LISTEN"])
        wait_ready(found.url, up)
        yield found


@contextmanager
def split_processes(home: Path, servers: LocalServers) -> Generator[Banyan]:
    """Run one `banyan serve` per service, as in a cluster."""
    services = installed_services()
    settings = local_settings(Settings(home=home), servers.start())
    asyncio.run(migrate_all(services, settings))
    ports = {name: next(free_ports()) for name in services}
    shared = {
        "BANYAN_HOME": str(home),
        "BANYAN_DATABASE_URL": settings.database_url,
        "BANYAN_DATABASE_PASSWORDS": str(settings.database_passwords),
        "BANYAN_NATS_URL": settings.nats_url,
        "BANYAN_NATS_PASSWORDS": str(settings.nats_passwords),
        "BANYAN_KEYS": str(settings.keys),
        "BANYAN_PAGE_TOKEN_KEY": str(settings.page_token_key),
        "BANYAN_ADDRESSES": ",".join(f"{n}=127.0.0.1:{p}" for n, p in ports.items()),
    }
    partners = f"127.0.0.1:{next(free_ports())}"
    with ExitStack() as stack:
        for name, port in ports.items():
            own = {"BANYAN_GRPC_LISTEN": f"127.0.0.1:{port}"}
            if services[name].front is not None:
                own = {"BANYAN_PORT": str(port), "BANYAN_PARTNER_LISTEN": partners}
            command = (str(BIN / "banyan"), "serve", "--target", name)
            running = stack.enter_context(process(*command, **shared, **own))
        found = Banyan(f"http://127.0.0.1:{ports['gateway']}", home, partners)
        wait_ready(found.url, running)
        found_tenant(shared)
        wait_answering(found)
        yield found


def found_tenant(settings: dict[str, str]) -> None:
    """Found the local firm as soon as identity answers."""
    until = time.monotonic() + START_SECONDS_MAX
    while subprocess.run(
        [BIN / "banyan", "found"], env=environment(**settings), check=False
    ).returncode:
        assert time.monotonic() < until, "identity did not answer"


def wait_answering(banyan: Banyan) -> None:
    """Wait until the services behind the gateway answer."""
    until = time.monotonic() + START_SECONDS_MAX
    with banyan.client() as client:
        while client.get("/v1/sources").status_code == 503:
            assert time.monotonic() < until, "the services did not answer"
            time.sleep(0.05)
