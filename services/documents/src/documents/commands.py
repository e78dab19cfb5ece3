"""Commands that bring files in, over the same REST door as everybody else."""

import base64
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis import errors
from chassis.hosting.cli import DEFAULT_PORT, local_token
from chassis.hosting.settings import Settings
from documents.imports.mapping import read_map

_PART_BYTES = 2 * 1024 * 1024
_POLL_SECONDS = 0.3
_SHOWN = 20
_AT_WORK = ("QUEUED", "RUNNING", "UNDOING")


class Door:
    """The REST door of a running Banyan; a refusal becomes one clear line."""

    def __init__(self, url: str, token: str) -> None:
        settings = Settings.load()
        port = settings.home / "port"
        own = settings.port or (int(port.read_text()) if port.exists() else DEFAULT_PORT)
        self._url = (url or f"http://{settings.host}:{own}").rstrip("/")
        self._settings = settings
        self._token = token

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make a request and give the answer's JSON.

        Raises:
            ValueError: the door is closed, or refuses.
        """
        # Ours lasts ten minutes; signing one costs nothing.
        token = self._token or local_token(self._settings)
        request = urllib.request.Request(  # noqa: S310 (the address is the user's own)
            f"{self._url}/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(_said(error)) from None
        except urllib.error.URLError as error:
            raise ValueError(
                f"{self._url} does not answer ({error.reason}); is `banyan up` running?"
            ) from None

    def upload(self, path: Path) -> str:
        """Make a document of a file; give its id."""
        document = self.ask("POST", "documents", {"name": path.name})
        size, offset = path.stat().st_size, 0
        with path.open("rb") as file:
            while True:
                data = file.read(_PART_BYTES)
                part = {
                    "offset": offset,
                    "data": base64.b64encode(data).decode(),
                    "finish": offset + len(data) >= size,
                }
                self.ask("POST", f"documents/{document['id']}:write", part)
                offset += len(data)
                if part["finish"]:
                    return document["id"]

    def pages(self, path: str, field: str) -> Iterator[Any]:
        """Give the records of a list, page by page."""
        token = ""
        while True:
            page = self.ask("GET", f"{path}&pageSize=1000&pageToken={token}")
            yield from page.get(field, ())
            token = page.get("nextPageToken", "")
            if not token:
                return


def import_files(
    folder: Annotated[Path | None, typer.Argument(help="the folder of the files")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="what the rows are (YAML)")] = None,
    dry_run: Annotated[bool, typer.Option(help="say what would happen, write nothing")] = False,
    undo: Annotated[str, typer.Option(help="take an import back, by its id")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="job and problems as JSON")] = False,
    url: Annotated[str, typer.Option(help="address of Banyan; the one of this folder")] = "",
    token: Annotated[str, typer.Option(help="access token or API key; the administrator's")] = "",
) -> None:
    """Bring tables of another system in, as a map says; docs/import.md describes maps.

    Examples: banyan import crm-export --map examples/import/crm-export.yaml --dry-run;
    banyan import --undo 01a20d32-31d4-76a6-9740-af4a32836846
    """
    door = Door(url, token)
    if undo:
        job = _watch(door, door.ask("POST", f"importJobs/{undo}:undo", {}), quiet=as_json)
    elif folder is None or map_file is None:
        raise ValueError("say which folder, and which --map; or which import to --undo")
    else:
        job = _watch(door, _begin(door, folder, map_file, dry_run=dry_run), quiet=as_json)
    listing = f'importProblems?filter=importJobId="{job["id"]}"&orderBy=file,line'
    problems = list(door.pages(listing.replace('"', "%22"), "importProblems"))
    if as_json:
        print(json.dumps({"job": job, "problems": problems}, ensure_ascii=False, indent=1))
    else:
        _report(job, problems)
    if job["status"] == "FAILED" or problems:
        sys.exit(1)


def _begin(door: Door, folder: Path, map_file: Path, *, dry_run: bool) -> Any:
    text = map_file.read_text()
    try:
        wanted = read_map(text)
    except errors.Invalid as error:
        raise ValueError(errors.sentence(error.reason, error.metadata, "en")) from None
    files: list[dict[str, str]] = []
    for file in wanted.files:
        path = folder / file.file
        if not path.is_file():
            raise ValueError(f"the map speaks of {file.file}, which is not in {folder}")
        files.append({"name": file.file, "documentId": door.upload(path)})
    job = door.ask("POST", "importJobs", {"name": folder.name, "map": text, "files": files})
    return door.ask("POST", f"importJobs/{job['id']}:start", {"dryRun": dry_run})


def _watch(door: Door, job: Any, *, quiet: bool) -> Any:
    """Wait until a job is over, saying how far it is."""
    begun = time.monotonic()
    while job["status"] in _AT_WORK:
        time.sleep(_POLL_SECONDS)
        job = door.ask("GET", f"importJobs/{job['id']}")
        if not quiet:
            rows, share = int(job.get("rowCount", 0)), float(job.get("progress", 0))
            passed = time.monotonic() - begun
            line = f"\r{job['status'].lower()}  {share:4.0%}  {rows:,} rows  {passed:.0f} s "
            print(line, end="", file=sys.stderr, flush=True)
    if not quiet:
        print(file=sys.stderr)
    return job


def _report(job: Any, problems: list[Any]) -> None:
    print(f"{job['status'].lower()}  {job['id']}  {job.get('error', '')}")
    for count in job.get("counts", ()):
        made, changed, same = (int(count.get(n, 0)) for n in ("created", "updated", "unchanged"))
        print(f"  {count['noun']:<28} {made:>8} new {changed:>8} changed {same:>8} as it was")
    refused = int(job.get("refusedRowCount", 0))
    print(f"  {refused} rows refused" if refused else "  no row refused")
    for problem in problems[:_SHOWN]:
        place = f"{problem.get('file', '')}:{problem.get('line', 0)}"
        what = " ".join(filter(None, (problem.get("column", ""), problem.get("value", ""))))
        print(f"  {place}  {what}  {problem['reason']}  {problem.get('message', '')}")
    if len(problems) > _SHOWN:
        print(f"  … and {len(problems) - _SHOWN} more; --json gives all of them")


def _said(error: urllib.error.HTTPError) -> str:
    try:
        found: Any = json.load(error)
    except ValueError:
        return f"{error.code} {error.reason}"
    wrong = [f"{v.get('path')}: {v.get('description')}" for v in found.get("violations", ())]
    return "; ".join([found.get("title", found.get("reason", str(error))), *wrong])
