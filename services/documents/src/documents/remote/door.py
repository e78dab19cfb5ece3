"""The REST door of a running Banyan, as commands use it."""

import contextlib
import http.client
import json
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import typer

_POLL_SECONDS = 0.3
# As long as a request may take: a large file is read once more when its last part comes.
_SECONDS_MAX = "300"
_AT_WORK = ("QUEUED", "RUNNING", "UNDOING")
_JSON = "application/json"
_BYTES = "application/octet-stream"


class Door:
    """The door of a running Banyan; a refusal becomes one clear line."""

    def __init__(self, url: str, token: Callable[[], str]) -> None:
        """Find the door.

        Args:
            url: its address.
            token: gives an access token or API key; asked before every request.
        """
        self._url = url.rstrip("/")
        self._token = token

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make a request and give the answer's JSON.

        Raises:
            ValueError: the door is closed, or refuses.
        """
        data = None if body is None else json.dumps(body).encode()
        with self._opened(method, path, data, {"content-type": _JSON}) as answer:
            return json.load(answer)

    def upload(self, path: Path) -> str:
        """Make a document of a file; give its id."""
        document = self.ask("POST", "documents", {"name": path.name})
        length = {"content-type": _BYTES, "content-length": str(path.stat().st_size)}
        content = f"documents/{document['id']}/content"
        with path.open("rb") as file, self._opened("PUT", content, file, length) as answer:
            answer.read()
        return document["id"]

    def download(self, document_id: str, path: Path) -> None:
        """Write the content of a document to a file, which is there whole or not at all.

        Raises:
            ValueError: the door is closed, refuses, or breaks off.
        """
        begun = path.with_name(f"{path.name}.part")
        with self._opened("GET", f"documents/{document_id}/content", None, {}) as answer:
            with begun.open("wb") as file:
                shutil.copyfileobj(answer, file)
            if begun.stat().st_size != int(answer.headers["content-length"]):
                raise ValueError(f"{self._url} broke off in {path.name}; try again")
        begun.replace(path)

    def pages(self, collection: str, field: str, **query: str) -> Iterator[Any]:
        """Give the records of a list, page by page."""
        token = ""
        while True:
            asked = urllib.parse.urlencode({**query, "pageSize": 1000, "pageToken": token})
            page = self.ask("GET", f"{collection}?{asked}")
            yield from page.get(field, ())
            token = page.get("nextPageToken", "")
            if not token:
                return

    def watch(self, collection: str, job: Any, *, quiet: bool = False, about: str = "") -> Any:
        """Wait until a job is over, saying how far it is."""
        begun = time.monotonic()
        while job["status"] in _AT_WORK:
            time.sleep(_POLL_SECONDS)
            job = self.ask("GET", f"{collection}/{job['id']}")
            if not quiet:
                rows, share = int(job.get("rowCount", 0)), float(job.get("progress", 0))
                far = f"{share:4.0%}  {rows:,} rows  {time.monotonic() - begun:.0f} s"
                typer.echo(f"\r{about}{job['status'].lower()}  {far} ", nl=False, err=True)
        if not quiet:
            typer.echo(err=True)
        return job

    @contextlib.contextmanager
    def _opened(
        self, method: str, path: str, data: bytes | BinaryIO | None, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        request = urllib.request.Request(  # noqa: S310 (the address is the user's own)
            f"{self._url}/v1/{path}",
            method=method,
            data=data,
            headers={
                "authorization": f"Bearer {self._token()}",
                "x-request-timeout": _SECONDS_MAX,
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                yield answer
        except urllib.error.HTTPError as error:
            raise ValueError(_said(error)) from None
        except urllib.error.URLError as error:
            raise ValueError(
                f"{self._url} does not answer ({error.reason}); is `banyan up` running?"
            ) from None


def _said(error: urllib.error.HTTPError) -> str:
    try:
        found: Any = json.load(error)
    except ValueError:
        return f"{error.code} {error.reason}"
    wrong = [f"{v.get('path')}: {v.get('description')}" for v in found.get("violations", ())]
    return "; ".join([found.get("title", found.get("reason", str(error))), *wrong])
