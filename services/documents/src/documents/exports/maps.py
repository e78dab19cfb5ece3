"""The map by which an import reads an export back, and finds every record as it is."""

from collections.abc import Sequence
from typing import Any

import yaml
from banyan.documents.v1 import export_job_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import errors
from chassis.json.fields import message_name
from chassis.resources import Noun
from chassis.resources.columns import reference_type
from chassis.resources.kinds import nouns
from documents.exports.columns import MONEY, Column
from documents.imports.nouns import ImportNoun, noun_called

_Job = export_job_pb2.ExportJob
ENCODINGS = {
    _Job.ENCODING_UTF8_BOM: "utf-8-sig",
    _Job.ENCODING_UTF8: "utf-8",
    _Job.ENCODING_GB18030: "gb18030",
}
# What a record is recognised by, the surest first.
_KEYS = ("id", "externalId")


def map_of(
    job: _Job, noun: Noun, columns: Sequence[Column], headings: Sequence[str], file: str
) -> str:
    """Give the map as YAML, "" where no import can make such records, or know them again.

    Args:
        file: how the file is called.
    """
    paths = {column.path for column in columns}
    key = next((name for name in _KEYS if name in paths), "")
    made = importable(noun.name)
    if made is None or not key:
        return ""
    record = {
        "noun": noun.name,
        "key": {key: _cell(key)},
        "fields": {
            field.json_name: _filled(field, made, paths)
            for field in dict.fromkeys(column.own for column in columns)
            if field.json_name in paths and field.json_name != key and made.is_written(field.name)
        }
        | {
            column.path: _cell(column.path)
            for column in columns
            if column.custom is not None and column.own.json_name not in paths
        },
    }
    told: dict[str, Any] = {"file": file}
    if job.format == _Job.FORMAT_CSV:
        told |= {"encoding": ENCODINGS[job.encoding], "delimiter": ","}
    told |= {"dates": "YEAR_FIRST", "numbers": "POINT", "spaces": "KEEP"}
    named = zip(headings, columns, strict=True)
    others = {heading: column.path for heading, column in named if heading != column.path}
    told |= {"headings": others} if others else {}
    whole = {"files": [told | {"records": [record]}]}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=100)


def importable(name: str) -> ImportNoun | None:
    """Find a noun by the name imports have for it, None where they can make none of it."""
    try:
        return noun_called(name)
    except errors.Invalid:
        return None


def _filled(field: FieldDescriptor, noun: ImportNoun, paths: set[str]) -> Any:
    """Say what fills a field."""
    name = field.json_name
    if message_name(field) == MONEY and not field.is_repeated:
        currency = f"{name}.currencyCode"
        if currency in paths:
            return {"value": _cell(name), "currency": _cell(currency)}
    target = nouns().get(reference_type(field))
    if target is None or field.is_repeated:
        return _cell(name)
    return _found(field, target, paths)


def _found(field: FieldDescriptor, target: Noun, paths: set[str]) -> Any:
    """Look a record up by its external id where it has one; else it is the one of this id.

    Where somebody has emptied both, it is the one of this title.
    """
    name = field.json_name
    path = f"{name}.externalId"
    if path not in paths or importable(target.name) is None:
        return _cell(name)
    options: list[Any] = [{"find": target.name, "externalId": _cell(path)}, _cell(name)]
    title = target.options.title
    shown = f"{name}.{target.fields[title].json_name}" if title else ""
    if shown in paths and target.field_options(title).filterable:
        options.append({"find": target.name, target.fields[title].json_name: _cell(shown)})
    return {"first": options}


def _cell(path: str) -> str:
    return f"{{{path}}}"
