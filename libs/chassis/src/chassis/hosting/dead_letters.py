"""`banyan dead-letters`: events that could not take effect, for operators to see and to replay."""

import asyncio
import base64
import functools
import json
from typing import Annotated, Any

import asyncpg
import typer
from banyan.api.v1 import change_pb2
from google.protobuf import json_format, symbol_database

from chassis import errors
from chassis.access import KeyRing
from chassis.custom.definitions import Definitions
from chassis.database import Address, Database, Role
from chassis.events import Broker, ConsumerRunner, open_objects
from chassis.hosting.local import DATABASE
from chassis.hosting.service import installed_services
from chassis.hosting.settings import Settings
from chassis.hosting.studio import definitions_of
from chassis.resources import Resources
from chassis.resources.pages import PageTokens
from chassis.resources.titles import title_consumers
from chassis.rpc import Channels
from chassis.rpc.registry import contract

app = typer.Typer(no_args_is_help=True, help="Events that could not take effect: see, replay.")
_COLUMNS = "event_id::text, tenant_id::text, subject, attempts, create_time, replay_time, error"


@app.command("list")
def list_letters(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List what waits in all services, the oldest first. Example: banyan dead-letters list."""
    found = asyncio.run(_letters(_COLUMNS, "replay_time IS NULL"))
    lines = ["  ".join(str(v) for v in letter.values() if v is not None) for letter in found]
    typer.echo(json.dumps(found, indent=1, default=str) if as_json else "\n".join(lines))


@app.command()
def show(event_id: Annotated[str, typer.Argument(help="as the list has it")]) -> None:
    """Print an event's dead letters as JSON, with the change or the fact that it tells."""
    found = asyncio.run(_letters(f"{_COLUMNS}, payload", "event_id = $1", event_id))
    for letter in found:
        letter["tells"] = _told(letter["subject"], letter.pop("payload"))
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False, default=str))


@app.command()
def replay(
    consumer: Annotated[str, typer.Argument(help="service.consumer, as the list has it")],
    event: Annotated[str, typer.Option(help="this event only, not every one that waits")] = "",
) -> None:
    """Let dead letters take effect once their cause is mended. Example: replay sales.merges."""
    asyncio.run(_replay(consumer, event))


async def _letters(columns: str, where: str, *values: Any) -> list[dict[str, Any]]:
    address, found = _address(Settings.load()), list[dict[str, Any]]()
    for name in (name for name, service in installed_services().items() if service.has_database):
        rows = f"SELECT '{name}.' || consumer AS consumer, {columns} FROM {name}.dead_letter"  # noqa: S608
        try:  # as the relay, which sees all tenants
            connection = await asyncpg.connect(address.dsn(name, Role.RELAY))
            sql = f"SELECT * FROM ({rows}) letter WHERE {where}"  # noqa: S608
            found += map(dict, await connection.fetch(sql, *values))
            await connection.close()
        except (errors.Error, OSError) as error:
            raise ValueError(f"no way to {name} in {address.url}: {error}") from None
    return sorted(found, key=lambda letter: (letter["create_time"], letter["event_id"]))


def _told(subject: str, payload: bytes) -> Any:
    """Decode what an event tells: a change, or a fact of the name at the end of its subject."""
    contract()  # imports every type a record or a fact may have
    service, noun, name = subject.split(".")[2:5]
    fact = f"banyan.{service}.v1.{name.title().replace('_', '')}"
    try:
        kind = symbol_database.Default().GetSymbol(fact) if noun == "fact" else change_pb2.Change
        return json_format.MessageToDict(kind.FromString(payload))
    except (KeyError, TypeError, ValueError):  # of a contract this version does not know
        return base64.b64encode(payload).decode()


async def _replay(consumer: str, event: str) -> None:
    """Replay what waits of a consumer, the oldest first."""
    where = "replay_time IS NULL AND $1 IN ('', event_id) AND consumer = $2"
    letters = await _letters(_COLUMNS, where, event, consumer)
    if not letters:
        raise ValueError(errors.sentence("DEAD_LETTER_NOT_FOUND", {"event": event or consumer}))
    service, settings, failed = consumer.partition(".")[0], Settings.load(), 0
    database = Database(_address(settings), service, pool_size=1)
    # An effect calls nobody: the broker is never connected, and no page is signed.
    broker, keys = Broker("", service, settings.nats_passwords), KeyRing(settings.keys)
    objects = open_objects(broker, settings.object_store, settings.object_store_secrets)
    own = installed_services()[service]
    channels = Channels(keys)
    definitions = Definitions(functools.partial(definitions_of, channels, service), lambda: False)
    here = Resources(database, own.nouns, PageTokens(b""), keys, channels, objects, definitions)
    known = {f"{service}.{c.name}": c for c in (*own.consumers(here), *title_consumers(here))}
    if consumer not in known:
        raise ValueError(f"there is no consumer {consumer} now, only {', '.join(known)}")
    runner = ConsumerRunner(known[consumer], database, broker)
    for letter in letters:
        try:
            await runner.replay(letter["tenant_id"], letter["event_id"])
            typer.echo(f"replayed {letter['event_id']}")
        except Exception as error:  # of the effect, whatever it is; the others are tried too
            typer.echo(f"failed   {letter['event_id']}  {error!r}")
            failed += 1
    await database.close()
    if failed:
        raise ValueError(f"{failed} failed again and wait as before")


def _address(settings: Settings) -> Address:
    """Give the database of the settings, or that of the `banyan up` that runs from its folder."""
    if settings.database_url:
        return Address(settings.database_url, settings.database_passwords)
    try:
        port = (settings.home / "data/postgres/postmaster.pid").read_text().splitlines()[3]
    except (OSError, IndexError):
        raise ValueError("start `banyan up`, or set BANYAN_HOME or BANYAN_DATABASE_URL") from None
    return Address(f"postgresql://127.0.0.1:{port}/{DATABASE}", settings.home / "secrets/database")
