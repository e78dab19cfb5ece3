"""Labels: everything people read has a text in every language of the product.

What is needed follows from the contract (nouns, their fields, enum values) and from the sources
(reasons). Whatever one language has, the others need too. Findings list exactly the missing keys,
one line per language and section.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

import yaml
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FileDescriptor

from house.files import File, Finding
from house.reasons import raised_reasons

FOLDER = "protos/labels/"
LANGUAGES = ("en", "zh-CN")
# Every noun begins with these; they are named once, under `fields: _header:`.
HEADER = (
    *("id", "external_id", "etag", "create_time", "update_time", "delete_time"),
    *("creator_user_id", "owner_user_id", "org_unit_id", "custom_fields", "shares"),
)
# What the contract says about itself; nobody meets these values as data.
_ABOUT_CONTRACT = "banyan/api/v1/options.proto"
# A label's place in the file: ("fields", "party.Source", "name").
Key = tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """What the labels have to name, read from the generated code.

    Attributes:
        files: the descriptors of every file of the contract.
        error_classes: the names of the error classes that the chassis exports.
    """

    files: tuple[FileDescriptor, ...]
    error_classes: frozenset[str]


def load_contract() -> Contract:
    """Import the generated modules and the error classes.

    Raises:
        ImportError: the chassis or the stubs cannot be imported.
    """
    from chassis import errors
    from chassis.rpc.registry import contract

    contract()  # imports every module of the contract
    modules: list[ModuleType] = [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("banyan.") and name.endswith("_pb2")
    ]
    classes = {name: getattr(errors, name) for name in errors.__all__}
    return Contract(
        tuple(module.DESCRIPTOR for module in modules),
        frozenset(
            name
            for name, value in classes.items()
            if isinstance(value, type) and issubclass(value, errors.Error)
        ),
    )


def missing_labels(files: Iterable[File], contract: Contract) -> Iterator[Finding]:
    """Find what has no text in a language."""
    files = list(files)
    present = {language: set(_given(files, language)) for language in LANGUAGES}
    needed = set(needed_labels(files, contract)).union(*present.values())
    for language, given in present.items():
        lines: dict[Key, list[str]] = {}
        for *place, name in sorted(needed - given):
            lines.setdefault(tuple(place), []).append(name)
        for place, names in lines.items():
            text = f"missing {': '.join(place)}: {', '.join(names)}"
            yield Finding(f"{FOLDER}{language}.yaml", 0, text)


def needed_labels(files: Iterable[File], contract: Contract) -> Iterator[Key]:
    """List every label the product needs."""
    for file in files:
        for _, reason in raised_reasons(file, contract.error_classes):
            yield ("reasons", reason)
    yield from (("fields", "_header", name) for name in HEADER)
    for descriptor in contract.files:
        for message in _messages(descriptor.message_types_by_name.values()):
            yield from _noun_labels(message)
        if descriptor.name != _ABOUT_CONTRACT:
            for enum in _enums(descriptor):
                yield from _enum_labels(enum)


def _noun_labels(message: Descriptor) -> Iterator[Key]:
    from google.api import resource_pb2

    options: Any = message.GetOptions()
    if not options.HasExtension(resource_pb2.resource):
        return
    noun = f"{message.file.package.split('.')[1]}.{message.name}"
    yield ("nouns", noun, "one")
    yield ("nouns", noun, "many")
    for field in message.fields:
        if field.name not in HEADER:
            yield ("fields", noun, field.name)


def _enum_labels(enum: EnumDescriptor) -> Iterator[Key]:
    from chassis.json import short_enum_name

    for value in enum.values:
        if not value.name.endswith("_UNSPECIFIED"):
            yield ("enums", enum.full_name, short_enum_name(enum, value.name))


def _messages(messages: Iterable[Descriptor]) -> Iterator[Descriptor]:
    for message in messages:
        yield message
        yield from _messages(message.nested_types)


def _enums(file: FileDescriptor) -> Iterator[EnumDescriptor]:
    yield from file.enum_types_by_name.values()
    for message in _messages(file.message_types_by_name.values()):
        yield from message.enum_types


def _given(files: Iterable[File], language: str) -> Iterator[Key]:
    path = f"{FOLDER}{language}.yaml"
    for file in files:
        if file.path == path:
            yield from _leaves((), yaml.safe_load(file.text) or {})


def _leaves(place: Key, value: object) -> Iterator[Key]:
    """Give the place of every text; an empty text is none."""
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[object, object]", value).items():
            yield from _leaves((*place, str(name)), inner)
    elif value not in (None, ""):
        yield place
