"""What stands above the columns of an export: names of fields, or what people call them."""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.documents.v1 import export_job_pb2
from banyan.studio.v1 import custom_field_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.errors import labels
from chassis.resources import Noun
from chassis.resources.kinds import nouns
from documents.exports.columns import Column

_Job = export_job_pb2.ExportJob
_LANGUAGES = {_Job.HEADINGS_ENGLISH: "en", _Job.HEADINGS_CHINESE: "zh-CN"}


def headings_of(noun: Noun, columns: Sequence[Column], kind: int) -> list[str]:
    """Give each column a heading of its own.

    Args:
        kind: one of ``ExportJob.Headings``.
    """
    language = _LANGUAGES.get(kind)
    if language is None:
        return [column.path for column in columns]
    found: list[str] = []
    for column in columns:
        custom = column.custom
        if custom is None:
            wanted = _label(noun, column, labels(language)["fields"])
        else:
            wanted = _label_of(custom, language)
        heading, number = wanted, 1
        while heading in found:
            number += 1
            heading = f"{wanted} ({number})"
        found.append(heading)
    return found


def _label(noun: Noun, column: Column, names: Mapping[str, Any]) -> str:
    """Call a column by its field; one behind a reference, or inside a message, by both."""
    parts = [_name(noun, column.own, names)]
    if column.beyond:
        parts.append(_name(nouns()[column.kind], column.beyond[0], names))
    inner = (column.beyond or column.fields)[1:]
    parts += [field.json_name for field in inner if column.path.endswith(field.json_name)]
    return " / ".join(parts)


def _label_of(custom: custom_field_pb2.CustomField, language: str) -> str:
    """Call a custom field as the firm does, in the other language where it has one name alone."""
    names = [custom.label_en, custom.label_zh]
    first, second = names if language == "en" else reversed(names)
    return " ".join((first or second or custom.key).split())


def _name(noun: Noun, field: FieldDescriptor, names: Mapping[str, Any]) -> str:
    known: Mapping[str, str] = {**names["_header"], **names.get(noun.name, {})}
    return " ".join(known.get(field.name, field.json_name).split())
