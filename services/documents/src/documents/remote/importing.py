"""`banyan import`: tables of another system, or of an export, on their way in."""

import json
import shutil
from pathlib import Path
from typing import Any

import typer

from chassis import errors
from documents.imports.mapping import ImportMap, read_map
from documents.remote.door import Door

# What the map of a folder is called where nobody says otherwise.
MAP = "map.yaml"
_SHOWN = 20


def bring_in(
    door: Door,
    folder: Path,
    map_file: Path | None,
    *,
    dry_run: bool,
    refused: Path | None,
    as_json: bool,
) -> bool:
    """Import the files of a folder; tell whether all of it went in.

    Args:
        door: of a running Banyan.
        folder: with the files the map speaks of.
        map_file: what the rows are; the folder's own map when None.
        dry_run: write nothing.
        refused: a folder for the rows that do not go in.
        as_json: print job and problems as JSON.

    Raises:
        ValueError: the map or a file is not there or cannot be read, or the door refuses.
    """
    known = _map_of(folder, map_file)
    job = _told(door, _begin(door, folder, known, dry_run=dry_run), as_json=as_json)
    if refused is not None:
        _give_back(door, job, refused, known)
    return _is_well(job)


def take_back(door: Door, job_id: str, *, as_json: bool) -> bool:
    """Undo an import; tell whether nothing had to be left."""
    job = door.ask("POST", f"importJobs/{job_id}:undo", {})
    return _is_well(_told(door, job, as_json=as_json))


def _told(door: Door, job: Any, *, as_json: bool) -> Any:
    """Wait until a job is over and say what became of it."""
    job = door.watch("importJobs", job, quiet=as_json)
    wanted = {"filter": f'importJobId="{job["id"]}"', "orderBy": "file,line"}
    problems = list(door.pages("importProblems", "importProblems", **wanted))
    if as_json:
        typer.echo(json.dumps({"job": job, "problems": problems}, ensure_ascii=False, indent=1))
    else:
        _report(job, problems)
    return job | {"problems": problems}


def _is_well(job: Any) -> bool:
    return job["status"] != "FAILED" and not job["problems"]


def _map_of(folder: Path, map_file: Path | None) -> Path:
    found = map_file or folder / MAP
    if not found.is_file():
        raise ValueError(f"there is no {found}; say which --map")
    return found


def _give_back(door: Door, job: Any, folder: Path, map_file: Path) -> None:
    """Write the refused rows of every file; the folder can be imported once it is mended."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _read(map_file.read_text()).files:
        document = door.ask("POST", f"importJobs/{job['id']}:writeRefusedRows", {"file": file.file})
        path = folder / file.file
        path.parent.mkdir(parents=True, exist_ok=True)
        door.download(document["id"], path)
    if map_file.resolve() != (folder / MAP).resolve():
        shutil.copyfile(map_file, folder / MAP)


def _read(text: str) -> ImportMap:
    try:
        return read_map(text)
    except errors.Invalid as error:
        raise ValueError(errors.sentence(error.reason, error.metadata, "en")) from None


def _begin(door: Door, folder: Path, map_file: Path, *, dry_run: bool) -> Any:
    text = map_file.read_text()
    wanted = _read(text)
    files: list[dict[str, str]] = []
    for file in wanted.files:
        path = folder / file.file
        if not path.is_file():
            raise ValueError(f"the map speaks of {file.file}, which is not in {folder}")
        files.append({"name": file.file, "documentId": door.upload(path)})
    job = door.ask("POST", "importJobs", {"name": folder.name, "map": text, "files": files})
    return door.ask("POST", f"importJobs/{job['id']}:start", {"dryRun": dry_run})


def _report(job: Any, problems: list[Any]) -> None:
    typer.echo(f"{job['status'].lower()}  {job['id']}  {job.get('error', '')}")
    for count in job.get("counts", ()):
        made, changed, same = (int(count.get(n, 0)) for n in ("created", "updated", "unchanged"))
        did = f"{made:>8} new {changed:>8} changed {same:>8} as it was"
        if job["status"] == "UNDONE":
            did = f"{made:>8} made {changed:>8} changed"
        typer.echo(f"  {count['noun']:<28} {did}")
    refused = int(job.get("refusedRowCount", 0))
    if job["status"] == "UNDONE":
        left = sum(1 for problem in problems if problem.get("recordId"))
        typer.echo(f"  {left} records left as they are" if left else "  all of it taken back")
    else:
        typer.echo(f"  {refused} rows refused" if refused else "  no row refused")
    for problem in problems[:_SHOWN]:
        place = f"{problem.get('file', '')}:{problem.get('line', 0)}"
        what = " ".join(filter(None, (problem.get("column", ""), problem.get("value", ""))))
        typer.echo(f"  {place}  {what}  {problem['reason']}  {problem.get('message', '')}")
    if len(problems) > _SHOWN:
        typer.echo(f"  … and {len(problems) - _SHOWN} more; --json gives all of them")
