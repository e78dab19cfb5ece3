"""The map of an import: which records a row stands for, and which cells fill which fields.

docs/import.md describes it for people. Reading it checks every noun and field against the contract;
columns are checked when the file is open.
"""

import decimal
import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import yaml
from google.protobuf.descriptor import FieldDescriptor

from chassis import errors
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.json import codec_of
from chassis.json.fields import message_name
from documents.imports.cells import MONEY, refuse_unreadable
from documents.imports.nouns import ImportNoun, noun_called
from documents.imports.slugs import slug
from documents.lists import joined
from documents.tables.values import DateOrder

_PLACEHOLDER = re.compile(r"\{([^{}|]+)(?:\|([a-z]+))?\}")
_FILTERS = {"slug": slug, "lower": str.lower, "upper": str.upper}
_HINTS = ("encoding", "delimiter", "sheet", "dates", "numbers")
_FILE_KEYS = {"file", "headings", "values", "records", "spaces", *_HINTS}
# How numbers write what follows the point.
DECIMAL_MARKS: Mapping[str, Literal[".", ","]] = {"POINT": ".", "COMMA": ","}


@dataclass(frozen=True)
class Template:
    """A text with columns in it: ``"{first name} {last name}"``, ``"{agent|slug}@example.com"``.

    Attributes:
        parts: plain texts, and (column, filter) in between.
    """

    parts: tuple[str | tuple[str, str], ...]

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """Name the columns in it."""
        return tuple(part[0] for part in self.parts if not isinstance(part, str))

    @functools.cached_property
    def column(self) -> str:
        """Name the column it is nothing but; "" when it is more."""
        only = self.parts[0] if len(self.parts) == 1 else ""
        return only[0] if not isinstance(only, str) and not only[1] else ""

    def text(self, row: Mapping[str, str]) -> str:
        """Fill it in; "" as soon as one of its columns is empty."""
        if self.column:
            return row[self.column]
        filled: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            found = row[part[0]]
            if not found:
                return ""
            filled.append(_FILTERS[part[1]](found) if part[1] else found)
        return "".join(filled)


@dataclass(frozen=True)
class Times:
    """A number of a column, times a factor: revenue in millions, a discount in percent.

    Attributes:
        currency: of an amount; None for that of the record's other amounts.
    """

    template: Template
    factor: decimal.Decimal
    currency: Template | None = None


@dataclass(frozen=True)
class Constant:
    """The same value for every row.

    Attributes:
        record: a message of the noun with this one field set.
    """

    record: Any


@dataclass(frozen=True)
class Find:
    """The record of another noun that a text names, or one of its fields.

    Attributes:
        by: fields, and the text each must have.
        take: the field whose value is taken; the id when empty.
    """

    noun: ImportNoun
    by: tuple[tuple[str, Template], ...]
    take: str = ""

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Name the fields it is found by."""
        return tuple(name for name, _ in self.by)


@dataclass(frozen=True)
class First:
    """The first of several that is not empty."""

    options: tuple["Expression", ...]


Expression = Template | Times | Constant | Find | First


@dataclass(frozen=True)
class RecordMap:
    """A record every row stands for.

    Attributes:
        key: the fields by which a record that is there already is recognised.
        fields: what fills the fields, those of the key among them.
        when: the record is left out of rows where this is empty.
        currency: of its amounts; the firm's when empty.
    """

    noun: ImportNoun
    key: tuple[tuple[str, Template], ...]
    fields: tuple[tuple[str, Expression], ...]
    when: Template | None = None
    currency: str = ""

    @functools.cached_property
    def custom_keys(self) -> tuple[str, ...]:
        """Name the custom fields it fills one by one."""
        return tuple(key_of(name) for name, _ in self.fields if key_of(name))

    @functools.cached_property
    def finds(self) -> tuple[Find, ...]:
        """Give every record it looks up."""
        found = (find for _, expression in self.fields for find in _finds(expression))
        return tuple(found)


@dataclass(frozen=True)
class FileMap:
    """What the rows of one file are.

    Attributes:
        headings: the column each other heading stands for.
        values: by column, what is written for what is meant.
        hints: what is known of the file: encoding, delimiter, sheet, dates, numbers.
        spaces: those around the texts of cells belong to them.
        records: in the order in which they are made.
    """

    file: str
    headings: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    hints: Mapping[str, str]
    records: tuple[RecordMap, ...]
    spaces: bool = False

    @property
    def columns(self) -> set[str]:
        """Name every column the map asks for."""
        found = set(self.values)
        for record in self.records:
            templates = [template for _, template in record.key]
            templates += [record.when] if record.when is not None else []
            for _, expression in record.fields:
                templates += templates_of(expression)
            found |= {column for template in templates for column in template.columns}
        return found


@dataclass(frozen=True)
class ImportMap:
    """A whole map.

    Attributes:
        once: records that are there before the first row.
        files: in the order in which they are read.
    """

    once: tuple[RecordMap, ...]
    files: tuple[FileMap, ...]

    @property
    def records(self) -> tuple[RecordMap, ...]:
        """Give all records of the map."""
        return (*self.once, *(record for file in self.files for record in file.records))

    @property
    def looked_up(self) -> dict[str, set[tuple[str, ...]]]:
        """Give by noun the sets of fields by which its records are looked up."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for record in self.records:
            for find in record.finds:
                found.setdefault(find.noun.name, set()).add(find.names)
            if record.noun.name in self.made_again:
                names = tuple(name for name, _ in record.key)
                found.setdefault(record.noun.name, set()).add(names)
        return found

    @functools.cached_property
    def made_again(self) -> set[str]:
        """Name the nouns that several of its files, or one and its beginning, make or change."""
        parts = [{record.noun.name for record in self.once}]
        parts += [{record.noun.name for record in file.records} for file in self.files]
        return {name for name in set().union(*parts) if sum(name in part for part in parts) > 1}


def read_map(text: str) -> ImportMap:
    """Read a map.

    Raises:
        Invalid: INVALID_MAP with the place and what is wrong there; MAP_NOUN_UNKNOWN,
            MAP_NOUN_NOT_MADE, MAP_FIELD_UNKNOWN, MAP_FIELD_READ_ONLY, MAP_FIELD_OUTPUT_ONLY,
            MAP_FIELD_NOT_A_CELL.
    """
    try:
        top = _Place("", yaml.safe_load(text))
        top.only({"once", "files"})
        once = tuple(_record(place) for place in top.part("once", optional=True).items())
        return ImportMap(once, tuple(_file(place) for place in top.part("files").items()))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise errors.Invalid("INVALID_MAP", at="", detail=str(error)[:300]) from None


@dataclass(frozen=True)
class _Place:
    """A value of the YAML, and where it stands."""

    at: str
    value: Any

    def part(self, name: str, *, optional: bool = False) -> "_Place":
        fields = self.fields()
        if name not in fields and not optional:
            raise self.wrong(f"{name} is missing")
        return _Place(f"{self.at}.{name}".lstrip("."), fields.get(name))

    def fields(self) -> dict[str, Any]:
        value = self.value
        if not isinstance(value, dict):
            raise self.wrong("this must be a list of names and values")
        return {str(name): item for name, item in cast("dict[Any, Any]", value).items()}

    def items(self) -> list["_Place"]:
        if self.value is None:
            return []
        value = self.value
        if not isinstance(value, list):
            raise self.wrong("this must be a list")
        listed = cast("list[Any]", value)
        return [_Place(f"{self.at}[{n}]", item) for n, item in enumerate(listed)]

    def text(self) -> str:
        if isinstance(self.value, dict | list):
            raise self.wrong("this must be a text")
        if isinstance(self.value, bool):  # YAML takes NO, the country, for a no
            raise self.wrong("put a text like yes, no, on and off in quotation marks")
        return "" if self.value is None else str(self.value)

    def word(self, words: Collection[str]) -> str:
        if (found := self.text().upper()) not in words:
            raise self.wrong(f"this must be one of {', '.join(words)}")
        return found

    def texts(self) -> dict[str, str]:
        if self.value is None:
            return {}
        return {name: _Place(self.at, value).text() for name, value in self.fields().items()}

    def only(self, names: set[str]) -> None:
        if unknown := sorted(self.fields().keys() - names):
            raise self.wrong(f"{', '.join(unknown)} means nothing here")

    def wrong(self, detail: str) -> errors.Invalid:
        return errors.Invalid("INVALID_MAP", at=self.at, detail=detail)


def _file(place: _Place) -> FileMap:
    place.only(_FILE_KEYS)
    values = place.part("values", optional=True)
    hints = {name: place.part(name).text() for name in _HINTS if name in place.fields()}
    for name, words in (("dates", list(DateOrder)), ("numbers", list(DECIMAL_MARKS))):
        if name in hints:
            hints[name] = place.part(name).word(words)
    if "spaces" in place.fields():
        place.part("spaces").word(["KEEP"])
    name = place.part("file")
    if not name.text():
        raise name.wrong("this must not be empty")
    return FileMap(
        file=name.text(),
        headings=place.part("headings", optional=True).texts(),
        values={}
        if values.value is None
        else {name: values.part(name).texts() for name in values.fields()},
        hints=hints,
        records=tuple(_record(part) for part in place.part("records").items()),
        spaces="spaces" in place.fields(),
    )


def _record(place: _Place) -> RecordMap:
    place.only({"noun", "key", "fields", "when", "currency"})
    noun = noun_called(place.part("noun").text())
    key = _pairs(place.part("key"), noun)
    if not key:
        raise place.part("key").wrong("a key has one field at least")
    filled: dict[str, Expression] = dict(key)
    for name in filled.keys() - {"id"}:
        noun.refuse_output(name)
    fields = place.part("fields", optional=True)
    for name in fields.fields() if fields.value is not None else ():
        part = fields.part(name)
        path = noun.path_of(name)
        if not key_of(path):
            noun.refuse_output(name)
        if path in filled:
            raise part.wrong("this is filled already")
        filled[path] = _expression(part, noun, path)
    if CUSTOM_FIELDS in filled and any(key_of(path) for path in filled):
        raise fields.wrong("custom fields are filled one by one or all at once")
    when = place.part("when", optional=True)
    return RecordMap(
        noun=noun,
        key=key,
        fields=tuple(filled.items()),
        when=_template(when) if when.value is not None else None,
        currency=place.part("currency", optional=True).text(),
    )


def _pairs(place: _Place, noun: ImportNoun) -> tuple[tuple[str, Template], ...]:
    """Read fields of a noun by which its records are found."""
    found: list[tuple[str, Template]] = []
    for name in place.texts():
        field = noun.field_of(name).name
        options, kind = noun.noun.field_options(field), noun.noun.fields[field]
        if not options.filterable or kind.type != kind.TYPE_STRING or kind.is_repeated:
            raise place.wrong(f"{noun.name} cannot be found by {name}")
        found.append((field, _template(place.part(name))))
    return tuple(found)


def _expression(place: _Place, noun: ImportNoun, path: str) -> Expression:
    value = place.value
    field = noun.noun.fields[path.partition(".")[0]]
    if isinstance(value, str):
        refuse_unreadable(field)
        return _template(place)
    if isinstance(value, dict) and "find" in value:
        return _find(place, is_text=bool(key_of(path)))
    if isinstance(value, dict) and {"times", "currency"} & cast("dict[str, Any]", value).keys():
        return _number(place, field)
    if isinstance(value, dict) and "first" in value:
        place.only({"first"})
        return First(tuple(_expression(p, noun, path) for p in place.part("first").items()))
    if key_of(path):
        return Template((_as_cell(place),))
    try:
        return Constant(codec_of(noun.noun.message).from_value({path: value}))
    except errors.Error as error:
        raise place.wrong(f"{error.reason}: this is no value of {path}") from None


def _as_cell(place: _Place) -> str:
    """Give a fixed value as a cell would say it; what it is read as, the firm has defined."""
    value = place.value
    if isinstance(value, list):
        return joined([part.text() for part in place.items()])
    if isinstance(value, dict) or value is None:
        raise place.wrong("this must be a value")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(place: _Place, field: FieldDescriptor) -> Times:
    place.only({"value", "times", "currency"})
    refuse_unreadable(field)
    currency = place.part("currency", optional=True)
    if currency.value is not None and message_name(field) != MONEY:
        raise currency.wrong("only amounts have a currency")
    times = place.part("times", optional=True)
    return Times(
        _template(place.part("value")),
        _factor(times) if times.value is not None else decimal.Decimal(1),
        _template(currency) if currency.value is not None else None,
    )


def _factor(place: _Place) -> decimal.Decimal:
    try:
        factor = decimal.Decimal(place.text())
    except decimal.InvalidOperation:
        factor = decimal.Decimal("nan")
    if not factor.is_finite():
        raise place.wrong("this must be a number")
    return factor


def _find(place: _Place, *, is_text: bool) -> Find:
    """Read how a record is looked up.

    Args:
        is_text: what is taken of it has to be a text.
    """
    noun = noun_called(place.part("find").text())
    names = place.fields().keys() - {"find", "take"}
    by = _Place(place.at, {name: place.fields()[name] for name in names})
    pairs = _pairs(by, noun)
    if not pairs:
        raise place.wrong("say by which field it is found")
    take = place.part("take", optional=True).text()
    if not take:
        return Find(noun, pairs)
    taken = noun.field_of(take)
    if is_text and (taken.type != taken.TYPE_STRING or taken.is_repeated):
        raise place.wrong("only a text can be taken for a custom field")
    return Find(noun, pairs, taken.name)


def _template(place: _Place) -> Template:
    text = place.text()
    parts: list[str | tuple[str, str]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        if match[2] and match[2] not in _FILTERS:
            raise place.wrong(f"there is no filter {match[2]}")
        parts.append((match[1].strip(), match[2] or ""))
        end = match.end()
    if text[end:]:
        parts.append(text[end:])
    return Template(tuple(parts))


def _finds(expression: Expression) -> Iterator[Find]:
    if isinstance(expression, Find):
        yield expression
    elif isinstance(expression, First):
        for option in expression.options:
            yield from _finds(option)


def templates_of(expression: Expression) -> list[Template]:
    """Give every template in an expression."""
    match expression:
        case Template():
            return [expression]
        case Times(template, _, currency):
            return [template, currency] if currency is not None else [template]
        case Find():
            return [template for _, template in expression.by]
        case First():
            return [t for option in expression.options for t in templates_of(option)]
        case Constant():
            return []
