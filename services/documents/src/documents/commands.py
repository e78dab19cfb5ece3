"""Commands that bring files in and records out."""

import functools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.hosting.cli import DEFAULT_PORT, local_token
from chassis.hosting.settings import Settings
from documents.remote.door import Door
from documents.remote.exporting import chosen_nouns, take_out
from documents.remote.importing import bring_in, take_back

_FORMATS = ("csv", "xlsx")
_ENCODINGS = ("utf8_bom", "utf8", "gb18030")
_HEADINGS = ("field_names", "english", "chinese")


def import_files(
    folder: Annotated[Path | None, typer.Argument(help="the folder of the files")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="what the rows are (YAML); the folder's map.yaml")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="say what would happen, write nothing")] = False,
    undo: Annotated[str, typer.Option(help="take an import back, by its id")] = "",
    refused: Annotated[
        Path | None, typer.Option(help="folder for the rows that did not go in, to be put right")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="job and problems as JSON")] = False,
    url: Annotated[str, typer.Option(help="address of Banyan; the one of this folder")] = "",
    token: Annotated[str, typer.Option(help="access token or API key; the administrator's")] = "",
) -> None:
    """Bring tables of another system in, as a map says; docs/import.md describes maps.

    Examples: banyan import crm-export --map examples/import/crm-export.yaml --dry-run;
    banyan import crm-export --map crm.yaml --refused again, then, mended, banyan import again;
    banyan import --undo 01a20d32-31d4-76a6-9740-af4a32836846
    """
    door = _door(url, token)
    if undo:
        is_well = take_back(door, undo, as_json=as_json)
    elif folder is None:
        raise ValueError("say which folder, and which --map; or which import to --undo")
    else:
        is_well = bring_in(
            door, folder, map_file, dry_run=dry_run, refused=refused, as_json=as_json
        )
    if not is_well:
        sys.exit(1)


def export_records(
    what: Annotated[
        list[str], typer.Argument(metavar="[NOUN]... FOLDER", help="party.Organization firms")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="whatever there is that can be brought back in")
    ] = False,
    where: Annotated[
        str, typer.Option("--filter", help="as lists take it: 'countryCode = \"CN\"'")
    ] = "",
    order_by: Annotated[str, typer.Option(help="as lists take it: name desc")] = "",
    columns: Annotated[
        str, typer.Option(help="fields: id,name,parentOrganizationId.name; all of them")
    ] = "",
    kind: Annotated[str, typer.Option("--format", help="csv or xlsx")] = "csv",
    encoding: Annotated[str, typer.Option(help="of CSV: utf8_bom, utf8 or gb18030")] = "utf8_bom",
    headings: Annotated[str, typer.Option(help="field_names, english or chinese")] = "field_names",
    as_json: Annotated[bool, typer.Option("--json", help="the jobs as JSON")] = False,
    url: Annotated[str, typer.Option(help="address of Banyan; the one of this folder")] = "",
    token: Annotated[str, typer.Option(help="access token or API key; the administrator's")] = "",
) -> None:
    """Write records to a folder, each kind to a file, and a map.yaml that brings them back in.

    Examples: banyan export party.Organization firms --filter 'countryCode = "CN"' --format xlsx;
    banyan export sales.Opportunity deals --headings chinese, then banyan import deals;
    banyan export --all backup
    """
    *names, folder = what
    chosen = chosen_nouns(names, everything=everything)
    if where and len(chosen) > 1:
        raise ValueError("a --filter is for one kind of record")
    asked = {
        "filter": where,
        "orderBy": order_by,
        "columns": [path.strip() for path in columns.split(",") if path.strip()],
        "format": _word(kind, _FORMATS),
        "encoding": _word(encoding, _ENCODINGS),
        "headings": _word(headings, _HEADINGS),
    }
    done: list[Any] = []
    for job in take_out(_door(url, token), chosen, asked, Path(folder), some=everything):
        done.append(job)
        if not as_json:
            rows = int(job.get("rowCount", 0))
            typer.echo(f"  {job['name']:<28} {rows:>9,} rows  {job['documentName']}")
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False, indent=1))
    else:
        typer.echo(f"written to {folder}; `banyan import {folder}` reads it back")


def _word(text: str, words: Sequence[str]) -> str:
    if text.lower() not in words:
        raise ValueError(f'"{text}" is none of {", ".join(words)}')
    return text.upper()


def _door(url: str, token: str) -> Door:
    """Give the door of an address, or of the Banyan of this folder."""
    settings = Settings.load()
    port = settings.home / "port"
    own = settings.port or (int(port.read_text()) if port.exists() else DEFAULT_PORT)
    # Ours lasts ten minutes; signing one costs nothing.
    given = functools.partial(str, token) if token else functools.partial(local_token, settings)
    return Door(url or f"http://{settings.host}:{own}", given)
