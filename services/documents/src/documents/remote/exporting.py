"""`banyan export`: records as files, and the map by which they come back in."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from chassis.resources import Noun
from chassis.resources.columns import reference_type
from chassis.resources.kinds import nouns
from documents.exports.maps import importable
from documents.remote.door import Door
from documents.remote.importing import MAP


def take_out(
    door: Door, chosen: Sequence[Noun], asked: Mapping[str, Any], folder: Path, *, some: bool
) -> Iterator[Any]:
    """Write records to a folder, a file for each kind, and the map that reads them back.

    Args:
        door: of a running Banyan.
        chosen: the nouns.
        asked: what is the same in every job.
        folder: made when it is not there.
        some: leave out what there are no records of.

    Yields:
        Each job once its file is there.

    Raises:
        ValueError: a job fails, or the door refuses.
    """
    maps: list[str] = []
    for noun in chosen:
        job = _run(door, noun, asked)
        if some and not int(job.get("rowCount", 0)):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        door.download(job["documentId"], folder / job["documentName"])
        maps.append(job.get("map", ""))
        yield job
    files = [file for text in maps if text for file in yaml.safe_load(text)["files"]]
    told = yaml.safe_dump({"files": files}, allow_unicode=True, sort_keys=False, width=100)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MAP).write_text(told, encoding="utf-8")


def chosen_nouns(names: Sequence[str], *, everything: bool) -> list[Noun]:
    """Give the nouns that are asked for, those first that others refer to.

    Raises:
        ValueError: there is no such noun, or none is asked for.
    """
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


def _run(door: Door, noun: Noun, asked: Mapping[str, Any]) -> Any:
    """Run one export; give its job."""
    record = {"name": noun.name, "resourceType": noun.resource.type, **asked}
    job = door.ask("POST", "exportJobs", record)
    job = door.ask("POST", f"exportJobs/{job['id']}:start", {})
    try:
        job = door.watch("exportJobs", job, about=f"{noun.name:<28} ")
    except KeyboardInterrupt:
        door.ask("POST", f"exportJobs/{job['id']}:cancel", {})
        raise
    if job["status"] != "DONE":
        raise ValueError(f"{noun.name}: {job['status'].lower()}; {job.get('error', '')}")
    return job
