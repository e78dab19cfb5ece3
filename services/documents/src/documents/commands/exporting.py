"""`banyan export`: records as files, and the map by which they come back in."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from chassis.resources import Noun
from chassis.resources.columns import reference_type
from documents.commands.door import Door
from documents.commands.importing import MAP
from documents.exports.maps import importable
from documents.nouns import nouns

_FORMATS = ("csv", "xlsx")
_ENCODINGS = ("utf8_bom", "utf8", "gb18030")
_HEADINGS = ("field_names", "english", "chinese")


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
    chosen = _chosen(names, everything=everything)
    if where and len(chosen) > 1:
        raise ValueError("a --filter is for one kind of record")
    wanted = {
        "filter": where,
        "orderBy": order_by,
        "columns": [path.strip() for path in columns.split(",") if path.strip()],
        "format": _word(kind, _FORMATS),
        "encoding": _word(encoding, _ENCODINGS),
        "headings": _word(headings, _HEADINGS),
    }
    done = [
        job
        for noun in chosen
        if (job := _exported(Door(url, token), noun, wanted, quiet=as_json, skip=everything))
    ]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for job in done:
        Door(url, token).download(job["documentId"], target / job["documentName"])
    _write_map(target, done)
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False, indent=1))
        return
    for job in done:
        typer.echo(
            f"  {job['name']:<28} {int(job.get('rowCount', 0)):>9,} rows  {job['documentName']}"
        )
    typer.echo(f"written to {target}; `banyan import {target}` reads it back")


def _word(text: str, words: Sequence[str]) -> str:
    if text.lower() not in words:
        raise ValueError(f'"{text}" is none of {", ".join(words)}')
    return text.upper()


def _chosen(names: Sequence[str], *, everything: bool) -> list[Noun]:
    """Give the nouns that are asked for, those first that others refer to."""
    known = {noun.name: noun for noun in nouns().values()}
    if everything == bool(names):
        raise ValueError("say which records: party.Organization FOLDER, or --all FOLDER")
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there are no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    wanted = [known[name] for name in names or sorted(known) if names or importable(name)]
    return list(_in_order(wanted))


def _in_order(wanted: Sequence[Noun]) -> Iterator[Noun]:
    """Give nouns behind those they refer to, as far as there is such an order."""
    by_type = {noun.resource.type: noun for noun in wanted}
    seen: set[str] = set()

    def visit(noun: Noun) -> Iterator[Noun]:
        if noun.name in seen:
            return
        seen.add(noun.name)
        for field in noun.fields.values():
            target = by_type.get(reference_type(field))
            if target is not None:
                yield from visit(target)
        yield noun

    for noun in wanted:
        yield from visit(noun)


def _exported(door: Door, noun: Noun, wanted: dict[str, Any], *, quiet: bool, skip: bool) -> Any:
    """Run one export; give its job.

    Args:
        skip: leave out what there are no records of: None then.

    Raises:
        ValueError: it failed.
    """
    asked = {"name": noun.name, "resourceType": noun.resource.type, **wanted}
    job = door.ask("POST", "exportJobs", asked)
    job = door.ask("POST", f"exportJobs/{job['id']}:start", {})
    try:
        job = door.watch("exportJobs", job, quiet=quiet, about=f"{noun.name:<28} ")
    except KeyboardInterrupt:
        door.ask("POST", f"exportJobs/{job['id']}:cancel", {})
        raise
    if job["status"] != "DONE":
        raise ValueError(f"{noun.name}: {job['status'].lower()}; {job.get('error', '')}")
    return None if skip and not int(job.get("rowCount", 0)) else job


def _write_map(folder: Path, jobs: Sequence[Any]) -> None:
    maps = [yaml.safe_load(job["map"]) for job in jobs if job.get("map")]
    files = [file for told in maps for file in told["files"]]
    text = yaml.safe_dump({"files": files}, allow_unicode=True, sort_keys=False, width=100)
    (folder / MAP).write_text(text, encoding="utf-8")
