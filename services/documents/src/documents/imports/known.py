"""What an import knows of records: those that are there, and those it is going to make."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import field_mask_pb2

from documents.imports.nouns import ImportNoun
from documents.imports.trying import Trial

# The least a filter may hold is 16 KiB; what is asked at once stays below it.
_FILTER_BYTES = 12_000
_TERMS_MAX = 60
_PAGE = 1000
# Records that are there are forgotten when they are so many, and asked for again by who needs them.
_THERE_MAX = 20_000


@dataclass(frozen=True)
class Sought:
    """A record as a text names it: by the values of some fields."""

    noun: ImportNoun
    fields: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def key(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Give what it is remembered by."""
        return (self.noun.name, self.fields, self.values)


@dataclass
class Known:
    """Records by what names them.

    Attributes:
        there: what the database has; None for what it has not.
        made: what this run makes, by noun and the fields it is looked up by: the id where nothing
            else is asked of it, else the whole record, written down.
        trial: what a dry run would have made; it has to pass for what is there. None when what is
            made is written.
        none_of: nouns of which there was no record when the run began; none is looked up, for what
            this run makes it knows, and what others make meanwhile is refused when it is written.
    """

    call: Callable[[Any, Any], Awaitable[Any]]
    trial: Trial | None = None
    there: dict[Any, Any] = field(default_factory=dict[Any, Any])
    made: dict[Any, dict[tuple[str, ...], str | bytes]] = field(
        default_factory=dict[Any, dict[tuple[str, ...], str | bytes]]
    )
    none_of: set[str] = field(default_factory=set[str])

    def begin_file(self, made: Iterable[str]) -> None:
        """Forget what a file before this one has changed, or has read with fewer fields.

        Args:
            made: the nouns that the files before made.
        """
        self.there.clear()
        self.none_of.difference_update(made)
        if self.trial is None:
            self.made.clear()

    def record(self, noun: ImportNoun, fields: tuple[str, ...], values: tuple[str, ...]) -> Any:
        """Give a record by what names it, as this run makes it or as it is there; else None."""
        made = self.made_one(noun, fields, values)
        return made if made is not None else self.there.get((noun.name, fields, values))

    def made_one(self, noun: ImportNoun, fields: tuple[str, ...], values: tuple[str, ...]) -> Any:
        """Give a record that this run makes; None when it makes none of that name."""
        kept = self.made.get((noun.name, fields), {}).get(values)
        if kept is None:
            return None
        if isinstance(kept, bytes):
            return noun.noun.message.FromString(kept)
        return noun.noun.message(id=kept) if self.trial is None else self.trial.record(noun, kept)

    def is_known(self, one: Sought) -> bool:
        """Tell whether it need not be looked up."""
        fields = self.made.get((one.noun.name, one.fields))
        return (fields is not None and one.values in fields) or one.key in self.there

    async def look_up(self, sought: Iterable[Sought], paths: dict[str, set[str]]) -> None:
        """Ask for records that nothing is known of yet, many at once.

        Args:
            paths: by noun, the fields that will be needed of them.
        """
        if len(self.there) > _THERE_MAX:
            self.there.clear()
        groups: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], Sought]] = {}
        for one in sought:
            if not self.is_known(one):
                groups.setdefault((one.noun.name, one.fields), {})[one.values] = one
        for (name, fields), found in groups.items():
            noun = next(iter(found.values())).noun
            self.there.update(dict.fromkeys(one.key for one in found.values()))
            mask = sorted({"id", "etag", *fields, *paths.get(name, ())})
            for values in _portions(list(found)):
                await self._ask(noun, fields, values, mask)

    async def see_what_is_empty(self, nouns: Iterable[ImportNoun]) -> None:
        """Find out of which nouns there is no record at all."""
        for noun in {noun.name: noun for noun in nouns}.values():
            method = noun.methods["List"]
            mask = field_mask_pb2.FieldMask(paths=["id"])
            reply = await self.call(method, method.request_type(page_size=1, read_mask=mask))
            if not getattr(reply, noun.noun.resource.plural):
                self.none_of.add(noun.name)

    async def _ask(
        self,
        noun: ImportNoun,
        fields: tuple[str, ...],
        values: Sequence[tuple[str, ...]],
        mask: Sequence[str],
    ) -> None:
        method = noun.methods["List"]
        token = ""
        while True:
            request = method.request_type(
                filter=_filter(fields, values),
                page_size=_PAGE,
                page_token=token,
                read_mask=field_mask_pb2.FieldMask(paths=mask),
            )
            reply = await self.call(method, request)
            for record in getattr(reply, noun.noun.resource.plural):
                key = (noun.name, fields, tuple(_plain(getattr(record, f)) for f in fields))
                self.there[key] = record
            token = reply.next_page_token
            if not token:
                return


def _portions(values: list[tuple[str, ...]]) -> Iterable[list[tuple[str, ...]]]:
    """Cut what is asked for so that each question stays within the limits of a filter."""
    portion: list[tuple[str, ...]] = []
    size = 0
    for value in values:
        length = sum(len(text.encode()) + 40 for text in value)
        terms = len(portion) * len(value) if len(value) > 1 else 0
        if portion and (size + length > _FILTER_BYTES or terms > _TERMS_MAX):
            yield portion
            portion, size = [], 0
        portion.append(value)
        size += length
    if portion:
        yield portion


def _filter(fields: tuple[str, ...], values: Sequence[tuple[str, ...]]) -> str:
    if len(fields) == 1:
        return f"anyOf({fields[0]}, {', '.join(_quoted(value[0]) for value in values)})"
    return " OR ".join(
        "(" + " AND ".join(f"{f} = {_exact(v)}" for f, v in zip(fields, value, strict=True)) + ")"
        for value in values
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _exact(text: str) -> str:
    """Quote a text in a comparison, where a star would stand for anything."""
    return _quoted(text).replace("*", "\\*")


def _plain(value: Any) -> str:
    return str(value)
