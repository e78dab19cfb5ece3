"""The command `banyan`."""

import asyncio
import contextlib
import fcntl
import gc
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Generator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from chassis.access import Claims, KeyRing, new_key_pair
from chassis.database.address import Address
from chassis.database.migrations import draft, prepare, upgrade
from chassis.hosting import dead_letters
from chassis.hosting.explain import explain_noun
from chassis.hosting.founding import EMAIL, SLUG, found_local_tenant, local_ids, password_file
from chassis.hosting.host import Host
from chassis.hosting.local import LocalAddresses, LocalServerError, LocalServers
from chassis.hosting.service import Service, installed_services
from chassis.hosting.settings import Settings
from chassis.ids import is_id
from chassis.rpc import Channels, WireChannel
from chassis.telemetry import configure_logs, configure_traces

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Banyan: the whole firm in one system.",
)
app.add_typer(dead_letters.app, name="dead-letters")
DEFAULT_PORT = 8080
DEFAULT_PARTNER_PORT = 50051


def main() -> None:
    """Run the command line; a wrong setting is one clear line."""
    # Services bring commands of their own by the entry-point group "banyan.commands".
    for point in sorted(entry_points(group="banyan.commands"), key=lambda found: found.name):
        app.command(point.name)(point.load())
    try:
        app()
    except (ValueError, LocalServerError) as error:
        print(f"banyan: {error}", file=sys.stderr)
        sys.exit(2)


@app.command()
def up() -> None:
    """Start everything on this machine: servers, services, gateway. Ctrl-C stops it all.

    Example: BANYAN_PORT=9000 banyan up
    """
    settings = Settings.load()
    configure_logs(human=sys.stderr.isatty())
    _trace(settings)
    services = installed_services()
    with _only_one(settings.home):
        port = _choose_port(settings)
        servers = LocalServers(settings.home, services)
        print("starting PostgreSQL and NATS ...", flush=True)
        local = local_settings(settings, servers.start())
        for data in servers.set_aside:
            print(f"set aside, from a home that was deleted; delete it to make room: {data}")
        if not settings.partner_listen:
            partners = f"127.0.0.1:{_kept_port(settings, 'partner-port', DEFAULT_PARTNER_PORT)}"
            local = local.model_copy(update={"partner_listen": partners})
        try:
            uvloop.run(_up(services, local, port))
        finally:
            servers.stop()


async def _up(services: dict[str, Service], settings: Settings, port: int) -> None:
    await migrate_all(services, settings)
    host = Host(services.values(), settings, port)
    stop = _stop_signal()
    host.steps["local firm"] = False
    await host.start()
    _look_for_cycles_seldom()
    try:
        await found_local_tenant(host.channels, settings.home)
        host.steps["local firm"] = True
        await _until_listening(settings.host, port)
        print(
            f"\nBanyan is at http://{settings.host}:{port}\n"
            f"  sign in:  {EMAIL} of the firm {SLUG}; first password in"
            f" {_near(password_file(settings.home))}\n"
            f'  by token: curl -H "Authorization: Bearer $({_command()} token)"'
            f" http://{settings.host}:{port}/v1/sources\n"
            f"  contract: http://{settings.host}:{port}/openapi.json\n"
            f"  partners: gRPC with reflection at {settings.partner_listen}; examples/partner.py\n"
            "  Ctrl-C stops everything.",
            flush=True,
        )
        await stop.wait()
        print("\nstopping ...", flush=True)
    finally:
        await host.stop()


@app.command()
def serve(
    target: Annotated[list[str], typer.Option(help="service to run; repeatable; all")] = ["all"],  # noqa: B006
) -> None:
    """Run services against servers given by the settings (what a pod does).

    Example: banyan serve --target party --target sales
    """
    settings = Settings.load()
    configure_logs(human=settings.log_format == "human")
    _trace(settings)
    services = installed_services()
    if "all" not in target:
        if unknown := sorted(set(target) - services.keys()):
            raise ValueError(f"unknown targets: {', '.join(unknown)}; there are {list(services)}")
        services = {name: services[name] for name in target}
    uvloop.run(_serve(services, settings))


def _look_for_cycles_seldom() -> None:
    """Leave what is loaded out of garbage collection, and let it run less often.

    Nearly everything that a request makes goes by counting; looking for the rest of it among all
    that is there took a tenth of the processor under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _serve(services: dict[str, Service], settings: Settings) -> None:
    host = Host(services.values(), settings, settings.port or DEFAULT_PORT)
    stop = _stop_signal()
    await host.start()
    _look_for_cycles_seldom()
    await stop.wait()
    await host.stop()


@app.command()
def migrate(
    new: Annotated[str, typer.Option(help="draft a migration for this service")] = "",
    message: Annotated[str, typer.Option("-m", help="what the drafted migration does")] = "",
) -> None:
    """Bring the database to the newest migrations, or draft one from what the nouns declare.

    Examples: banyan migrate;  banyan migrate --new party -m "source"
    """
    settings = Settings.load()
    services = installed_services()
    if settings.database_url and not new:
        asyncio.run(migrate_all(services, settings))
        return
    if new not in services:
        raise ValueError(f"say which service with --new: one of {list(services)}")
    servers = LocalServers(settings.home / "draft", services)
    local = local_settings(settings, servers.start(), settings.home / "draft")
    try:
        path = asyncio.run(_draft(services, local, services[new], message))
        print(f"drafted {path}: read it, then commit it")
    finally:
        servers.stop()
        servers.remove()  # a draft compares with what the migrations make, never with older data


async def _draft(
    services: dict[str, Service], settings: Settings, service: Service, message: str
) -> Path:
    await migrate_all(services, settings)
    return await draft(_address(settings), service.schema, message or "change")


@app.command()
def found() -> None:
    """Found the local firm against a running identity, given by BANYAN_ADDRESSES.

    `banyan up` does this by itself.
    """
    settings = Settings.load()

    async def run() -> bool:
        channels = Channels(KeyRing(settings.keys))
        for name, target in settings.where().items():
            channels.connect(name, WireChannel(target, name))
        try:
            return await found_local_tenant(channels, settings.home)
        finally:
            await channels.close()

    print("founded" if asyncio.run(run()) else "was there already")


@app.command()
def token(
    as_user: Annotated[
        str, typer.Option("--as", help="id of the user; without it the administrator")
    ] = "",
) -> None:
    """Print an access token signed with the local key, for the local administrator or a user.

    Example: curl -H "Authorization: Bearer $(banyan token)" http://127.0.0.1:8080/v1/sources
    """
    print(local_token(Settings.load(), as_user))


def local_token(settings: Settings, user_id: str = "") -> str:
    """Sign an access token with the local key, for a user or the local administrator.

    Raises:
        ValueError: there is no key, as nothing was started here yet; or that is not an id.
    """
    if user_id and not is_id(user_id):
        raise ValueError(f"{user_id} is not the id of a user; `GET /v1/users` lists them")
    keys = settings.home / "keys"
    if not keys.is_dir():
        raise ValueError(f"no signing key under {settings.home}; start with `banyan up` once")
    ids = local_ids(settings.home)
    claims = Claims(tenant_id=ids["tenant_id"], user_id=user_id or ids["user_id"])
    return KeyRing(keys).sign("identity", claims)


@app.command()
def explain(
    noun: Annotated[str, typer.Argument(help="party.Source")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say of a noun which verbs, rules, permissions and events it has, and where they stand.

    Example: banyan explain party.Source
    """
    nouns = {n.name: n for service in installed_services().values() for n in service.nouns}
    if noun not in nouns:
        raise ValueError(f"no noun {noun}; there are {', '.join(nouns)}")
    found = explain_noun(nouns[noun])
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for section, rows in found.items():
        print(f"{section}:")
        for row in rows:
            print(f"  {row}")


@app.command()
def config() -> None:
    """Print every setting, its value and what it is for; secrets are files and never shown."""
    settings = Settings.load()
    for name, field in Settings.model_fields.items():
        print(f"BANYAN_{name.upper():<24} {getattr(settings, name)!s:<28} {field.description}")


async def migrate_all(services: dict[str, Service], settings: Settings) -> None:
    """Prepare roles and schemas, then bring each service's schema to its newest migration."""
    kept = [service for service in services.values() if service.has_database]
    address = _address(settings)
    await prepare(address, settings.database_admin, [service.name for service in kept])
    for service in kept:
        if await upgrade(address, service.schema):
            print(f"migrated {service.name}", flush=True)


def local_settings(
    settings: Settings, addresses: LocalAddresses, home: Path | None = None
) -> Settings:
    """Point the settings at local servers and at keys under the home folder, made when missing."""
    home = (home or settings.home).resolve()
    keys = home / "keys"
    for issuer in ("identity", *installed_services()):
        if not any(keys.glob(f"{issuer}-*.pub.pem")):
            new_key_pair(issuer, keys)
    page_token_key = home / "secrets" / "page-token-key"
    if not page_token_key.exists():
        page_token_key.touch(mode=0o600)
        page_token_key.write_bytes(secrets.token_bytes(32))
    return settings.model_copy(
        update={
            "home": home,
            "database_url": addresses.database.url,
            "database_passwords": addresses.database.passwords,
            "nats_url": addresses.nats_url,
            "nats_passwords": addresses.nats_passwords,
            "keys": keys,
            "page_token_key": page_token_key,
        }
    )


def _trace(settings: Settings) -> None:
    """Send traces where the settings say; the exporter is loaded only then."""
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
        configure_traces("banyan", BatchSpanProcessor(exporter))


def _address(settings: Settings) -> Address:
    return Address(settings.database_url, settings.database_passwords)


@contextlib.contextmanager
def _only_one(home: Path) -> Generator[None]:
    """Let one `banyan up` run per folder; the lock goes with the process, however it ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise LocalServerError(
                f"already running from {home} as process {lock.read().strip()}"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _choose_port(settings: Settings) -> int:
    """Take the port asked for, or the one of last time, or 8080, or the next free one."""
    if settings.port is not None:
        if not _is_free(settings.host, settings.port):
            raise LocalServerError(f"BANYAN_PORT={settings.port} is taken by another program")
        (settings.home / "port").write_text(str(settings.port))  # other commands look here
        return settings.port
    return _kept_port(settings, "port", DEFAULT_PORT)


def _kept_port(settings: Settings, name: str, first: int) -> int:
    """Take the port of last time, or the first that is free, and keep it for next time."""
    file = settings.home / name
    wanted = int(file.read_text()) if file.exists() else first
    while not _is_free(settings.host, wanted):
        wanted += 1
    file.write_text(str(wanted))
    return wanted


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


async def _until_listening(host: str, port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
    raise LocalServerError(f"the gateway does not answer at port {port}")


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _command() -> str:
    """Give the way this program can be called from where people stand."""
    return _near(Path(sys.argv[0]).resolve())


def _near(path: Path) -> str:
    """Write a path as seen from where people stand."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
