"""`banyan import`: tables of another system, or of an export, on their way in."""

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis import errors
from documents.commands.door import Door
from documents.imports.mapping import ImportMap, read_map

# What the map of a folder is called where nobody says otherwise.
MAP = "map.yaml"
_SHOWN = 20


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
    door = Door(url, token)
    if undo:
        job = door.ask("POST", f"importJobs/{undo}:undo", {})
    else:
        job = _begun(door, folder, map_file, dry_run=dry_run)
    job = door.watch("importJobs", job, quiet=as_json)
    wanted = {"filter": f'importJobId="{job["id"]}"', "orderBy": "file,line"}
    problems = list(door.pages("importProblems", "importProblems", **wanted))
    if as_json:
        typer.echo(json.dumps({"job": job, "problems": problems}, ensure_ascii=False, indent=1))
    else:
        _report(job, problems)
    if refused is not None and folder is not None:
        _give_back(door, job, refused, _map_of(folder, map_file))
    if job["status"] == "FAILED" or problems:
        sys.exit(1)


def _map_of(folder: Path, map_file: Path | None) -> Path:
    found = map_file or folder / MAP
    if not found.is_file():
        raise ValueError(f"there is no {found}; say which --map")
    return found


def _begun(door: Door, folder: Path | None, map_file: Path | None, *, dry_run: bool) -> Any:
    if folder is None:
        raise ValueError("say which folder, and which --map; or which import to --undo")
    return _begin(door, folder, _map_of(folder, map_file), dry_run=dry_run)


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
        typer.echo(f"  {count['noun']:<28} {made:>8} new {changed:>8} changed {same:>8} as it was")
    refused = int(job.get("refusedRowCount", 0))
    typer.echo(f"  {refused} rows refused" if refused else "  no row refused")
    for problem in problems[:_SHOWN]:
        place = f"{problem.get('file', '')}:{problem.get('line', 0)}"
        what = " ".join(filter(None, (problem.get("column", ""), problem.get("value", ""))))
        typer.echo(f"  {place}  {what}  {problem['reason']}  {problem.get('message', '')}")
    if len(problems) > _SHOWN:
        typer.echo(f"  … and {len(problems) - _SHOWN} more; --json gives all of them")
