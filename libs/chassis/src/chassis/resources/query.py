"""Filters and orders of one noun, as SQL with parameters."""

import contextlib
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from banyan.identity.v1 import org_unit_pb2
from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis import errors
from chassis.access import SHARES, Reach, TenantProfile
from chassis.custom.definitions import NONE, Definition, Fields
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.custom.value import ASKED_AS, FILTERED_AS
from chassis.expressions import (
    STAR,
    And,
    Comparison,
    Expression,
    Function,
    Not,
    Or,
    OrderTerm,
    Text,
    parse_filter,
    parse_order,
)
from chassis.ids import is_id
from chassis.json import short_enum_name
from chassis.json.fields import enum_of
from chassis.json.wellknown import snake
from chassis.resources.columns import PATH, TITLE_SORT_KEY, FieldColumn, literal, reference_type
from chassis.resources.noun import Noun
from chassis.resources.pages import SortKey
from chassis.resources.reach import place_of, shared_with
from chassis.resources.sql import Sql
from chassis.resources.table import field_columns

ORG_UNIT = "identity.banyan/OrgUnit"
_MANY = custom_field_pb2.CustomField.TYPE_MULTI_PICKLIST
_OPERATORS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ORDERED = {"integer", "number", "decimal", "money", "instant", "date", "duration", "text", "enum"}


@dataclass(frozen=True)
class Question:
    """Which records a list, a count or a summary is about.

    Attributes:
        reach: how far the caller sees.
        filter: AIP-160.
        profile: the tenant's, for filters by a place in the OBS.
        fields: the tenant's custom fields of the noun.
        show_deleted: those deleted softly too.
        hidden: the fields the caller does not see.
    """

    reach: Reach
    filter: str = ""
    profile: TenantProfile | None = None
    fields: Fields = field(default_factory=lambda: NONE)
    show_deleted: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """What a path stands for in an order, a group or a measure.

    Attributes:
        path: as it was asked.
        sql: the expression over the row ``t``.
        kind: as of columns: text, date, integer …
        pg: the PostgreSQL type of its values.
        shown: the expression that reads it.
        field: the contract's field; for a custom field the one that holds them all.
        refers: the type of the records it names by their ids; "" when it names none.
    """

    path: str
    sql: str
    kind: str
    pg: str
    shown: str
    field: Any
    refers: str


class Query:
    """What may be asked about a noun.

    Args:
        hidden: the fields that whoever asks does not see.
    """

    def __init__(self, noun: Noun, hidden: frozenset[str] = frozenset()) -> None:
        self.noun = noun
        self.hidden = hidden
        self._columns = field_columns(noun)

    def hiding(self, hidden: frozenset[str]) -> "Query":
        """Give what somebody may ask who does not see some fields."""
        return Query(self.noun, hidden) if hidden else self

    # --- filter

    def condition(
        self, text: str, sql: Sql, profile: TenantProfile | None = None, fields: Fields = NONE
    ) -> str:
        """Give a filter as a condition; "" when it is empty.

        Args:
            profile: the tenant's, for filters by a place in the OBS.
            fields: the tenant's custom fields of the noun.

        Raises:
            Invalid: names the field that does not exist or may not be filtered.
        """
        expression = parse_filter(text)
        return (
            "" if expression is None else _Filter(self, sql, profile, fields).condition(expression)
        )

    def filterable(self, path: str) -> FieldColumn:
        """Find the column of a field; ``amount.currency_code`` is money's second one."""
        name, _, inner = snake(path).partition(".")
        self._check_seen("filter", name, path)
        if name not in self._columns or not self.noun.field_options(name).filterable:
            raise errors.invalid_field("filter", "NOT_FILTERABLE", field=path)
        parts = self._columns[name]
        if not inner or (inner == "amount" and len(parts) == 2):
            return parts[0]
        if inner == "currency_code" and len(parts) == 2:
            return parts[1]
        raise errors.invalid_field("filter", "NOT_FILTERABLE", field=path)

    def field_of(self, path: str) -> Any:
        """Give the field a path begins with."""
        return self.noun.fields[snake(path.partition(".")[0])]

    def asked(self, path: str, fields: Fields) -> Asked:
        """Find what a path stands for, a custom field among others.

        Args:
            fields: the tenant's custom fields of the noun.

        Raises:
            Invalid: FIELD_HIDDEN, NOT_FILTERABLE; of the path ``filter``.
        """
        if key := key_of(path):
            return self._custom(path, self.defined(path, key, fields))
        column, field = self.filterable(path), self.field_of(path)
        sql = f"t.{column.name}"
        shown = column.select.format(c=sql)
        return Asked(path, sql, column.kind, column.pg, shown, field, reference_type(field))

    def defined(self, path: str, key: str, fields: Fields) -> Definition:
        """Find the definition of a custom field that may be asked about."""
        if {f"{CUSTOM_FIELDS}.{key}", CUSTOM_FIELDS} & self.hidden:
            raise errors.invalid_field("filter", "FIELD_HIDDEN", field=path)
        definition = fields.get(key)
        if definition is None or not definition.field.filterable:
            raise errors.invalid_field("filter", "NOT_FILTERABLE", field=path)
        return definition

    def _custom(self, path: str, definition: Definition) -> Asked:
        kind, pg = ASKED_AS[definition.field.type]
        sql = custom_text(definition.field.key)
        if pg != "text":
            sql = f"{sql}::numeric::bigint" if pg == "bigint" else f"{sql}::{pg}"
        refers = definition.field.reference_target.resource_type
        return Asked(path, sql, kind, pg, sql, self.noun.fields[CUSTOM_FIELDS], refers)

    # --- order

    def order(self, text: str, fields: Fields = NONE) -> list[SortKey]:
        """Give the terms of an order; the id always ends it, in the last direction.

        Args:
            fields: the tenant's custom fields of the noun.

        Raises:
            Invalid: NOT_SORTABLE names the field.
        """
        terms = parse_order(text)
        keys = [self._sort_key(term, fields) for term in terms]
        if not any(key.field == "id" for key in keys):
            last = keys[-1].descending if keys else False
            keys.append(SortKey("t.id", "uuid", last, False, "id"))
        return keys

    def _sort_key(self, term: OrderTerm, fields: Fields) -> SortKey:
        if key := key_of(term.field):
            return self._custom_sort_key(term, key, fields)
        name = snake(term.field)
        self._check_seen("order_by", name, term.field)
        if name not in self._columns or not self.noun.field_options(name).sortable:
            raise errors.invalid_field("order_by", "NOT_SORTABLE", field=term.field)
        if name == self.noun.options.title:
            return SortKey(f"t.{TITLE_SORT_KEY}", "text", term.descending, False, name)
        column = self._columns[name][0]
        return SortKey(f"t.{column.name}", column.pg, term.descending, column.nullable, name)

    def _custom_sort_key(self, term: OrderTerm, key: str, fields: Fields) -> SortKey:
        """Order by a custom field: choices as their list has them, all else by value."""
        with refusing("order_by", "NOT_SORTABLE", term.field):
            definition = self.defined(term.field, key, fields)
        if definition.picklist is not None and definition.field.type != _MANY:
            place = _place_in(definition.picklist, custom_text(key))
            return SortKey(place, "integer", term.descending, True, term.field, indexed=False)
        asked = self._custom(term.field, definition)
        if asked.kind not in _ORDERED | {"boolean"}:
            raise errors.invalid_field("order_by", "NOT_SORTABLE", field=term.field)
        return SortKey(asked.sql, asked.pg, term.descending, True, term.field, indexed=False)

    def _check_seen(self, where: str, name: str, path: str) -> None:
        if name in self.hidden:
            raise errors.invalid_field(where, "FIELD_HIDDEN", field=path)


class _Filter:
    """One filter on its way to SQL."""

    def __init__(
        self, query: Query, sql: Sql, profile: TenantProfile | None, fields: Fields
    ) -> None:
        self._query = query
        self._sql = sql
        self._profile = profile
        self._fields = fields

    def condition(self, node: Expression) -> str:
        match node:
            case And(parts):
                return "(" + " AND ".join(self.condition(p) for p in parts) + ")"
            case Or(parts):
                return "(" + " OR ".join(self.condition(p) for p in parts) + ")"
            case Not(part):
                # NULL is "not so" here, as people expect of NOT.
                return f"({self.condition(part)}) IS NOT TRUE"
            case Text(value):
                return self._text(value)
            case Function():
                return self._function(node)
            case Comparison():
                return self._comparison(node)

    def _text(self, value: str) -> str:
        title = self._query.noun.options.title
        if not title:
            raise errors.invalid_field("filter", "NO_TEXT_SEARCH", found=value)
        return f"t.{title} ILIKE {self._sql.bind(f'%{_like(value)}%'.replace(STAR, '*'), 'text')}"

    def _comparison(self, node: Comparison) -> str:
        if key := key_of(node.field):
            return self._custom(node, key)
        column = self._query.filterable(node.field)
        name = f"t.{column.name}"
        if _asks_presence(node):
            return f"{name} IS NOT NULL"
        if column.kind == "texts":
            return self._contains(node, column)
        if column.kind == "text":
            return self._text_comparison(node, name)
        operator = "=" if node.operator == ":" else node.operator
        if operator not in ("=", "!=") and column.kind not in _ORDERED:
            raise _not_allowed(node.field, node.operator)
        value = literal(column.kind, node.value, self._query.field_of(node.field), node.field)
        return self._compare(name, operator, self._sql.bind(value, column.pg))

    def _compare(self, name: str, operator: str, placeholder: str) -> str:
        if operator == "!=":
            return f"{name} IS DISTINCT FROM {placeholder}"
        return f"{name} {_OPERATORS[operator]} {placeholder}"

    def _contains(self, node: Comparison, column: FieldColumn) -> str:
        if node.operator not in (":", "="):
            raise _not_allowed(node.field, node.operator)
        return f"t.{column.name} @> {self._sql.bind([node.value.replace(STAR, '*')], 'text[]')}"

    def _custom(self, node: Comparison, key: str) -> str:
        """Compare a custom field: whole values by containment, which an index serves, others typed.

        A value was checked when it was written and its field keeps its type, so no cast can fail.
        """
        definition = self._query.defined(node.field, key, self._fields)
        name = custom_text(key)
        if _asks_presence(node):
            return f"{name} IS NOT NULL"
        kind, pg = FILTERED_AS[definition.field.type]
        if kind == "text" and (node.operator not in ("=", "!=") or "*" in node.value):
            return self._text_comparison(node, name)
        operator = "=" if node.operator == ":" else node.operator
        text = node.value.replace(STAR, "*")
        value = literal(kind, text, self._query.noun.fields[CUSTOM_FIELDS], node.field)
        if pg:
            return self._compare(f"{name}::{pg}", operator, self._sql.bind(value, pg))
        if operator not in ("=", "!="):
            raise _not_allowed(node.field, node.operator)
        several = definition.field.type == _MANY
        held = {key: [value] if several else value}
        found = f"t.{CUSTOM_FIELDS} @> {self._sql.bind(orjson.dumps(held).decode(), 'jsonb')}"
        return found if operator == "=" else f"({found}) IS NOT TRUE"

    def _text_comparison(self, node: Comparison, name: str) -> str:
        if node.operator == ":":
            wanted = f"%{_like(node.value)}%".replace(STAR, "*")
            return f"{name} ILIKE {self._sql.bind(wanted, 'text')}"
        if node.operator in ("=", "!=") and "*" in node.value:
            pattern = "%".join(_like(part) for part in node.value.split("*")).replace(STAR, "*")
            wanted = f"{name} LIKE {self._sql.bind(pattern, 'text')}"
            return wanted if node.operator == "=" else f"({wanted}) IS NOT TRUE"
        return self._compare(
            name, node.operator, self._sql.bind(node.value.replace(STAR, "*") or None, "text")
        )

    def _function(self, node: Function) -> str:
        """Read a choice of values, a place in a tree, or with whom something is shared.

        ``anyOf(externalId, "a", "b")`` is equal to one of them.
        ``subtree(orgUnitId, "...")`` is at or below a unit, ``ancestor(orgUnitId, "TEAM")`` at or
        below any unit of a kind, ``subtree(id, "...")`` at or below a node of the noun's own tree.
        ``sharedWith("...")`` is shared with this person or unit.
        """
        if node.name == "sharedWith" and len(node.arguments) == 1:
            return self._shared_with(node.arguments[0])
        functions = {"subtree": self._subtree, "ancestor": self._ancestor}
        if node.name not in (*functions, "anyOf", "sharedWith"):
            raise errors.invalid_field(
                "filter", "UNKNOWN_FUNCTION", function=node.name, position=node.position + 1
            )
        if node.name == "anyOf" and len(node.arguments) > 1:
            return self._any_of(node.arguments[0], node.arguments[1:])
        if node.name in ("anyOf", "sharedWith") or len(node.arguments) != 2:
            wanted = 1 if node.name == "sharedWith" else 2
            raise errors.invalid_field(
                "filter", "WRONG_ARGUMENTS", function=node.name, wanted=wanted
            )
        return functions[node.name](node, *node.arguments)

    def _any_of(self, path: str, texts: Sequence[str]) -> str:
        column = self._query.filterable(path)
        if column.kind in ("texts", "json", "bytes"):
            raise _not_allowed(path, "anyOf")
        field = self._query.field_of(path)
        values = [literal(column.kind, text.replace(STAR, "*"), field, path) for text in texts]
        return f"t.{column.name} = ANY({self._sql.bind(values, f'{column.pg}[]')})"

    def _shared_with(self, principal: str) -> str:
        noun = self._query.noun
        if SHARES not in noun.fields:
            raise errors.invalid_field("filter", "NOT_FILTERABLE", field="sharedWith")
        if not is_id(principal):
            raise errors.invalid_field("filter", "NOT_AN_ID")
        place = place_of(noun, noun.service)
        return shared_with([principal], place, place.key, place.kinds, self._sql)

    def _subtree(self, node: Function, path: str, top: str) -> str:
        noun = self._query.noun
        column = self._query.filterable(path)
        value = literal("uuid", top, self._query.field_of(path), path)
        if noun.tree_parent and column.name == "id":
            label = self._sql.bind(value, "uuid")
            found = f"FROM {noun.service}.{noun.table_name} WHERE id = {label}"
            low, high = f"(SELECT {PATH} {found})", f"(SELECT left({PATH}, -1) || '/' {found})"
            return f"(t.{PATH} >= {low} AND t.{PATH} < {high})"
        return self._in_units(path, self._tree(node, path).tree.subtree(value))

    def _ancestor(self, node: Function, path: str, kind: str) -> str:
        self._query.filterable(path)
        profile = self._tree(node, path)
        if kind not in unit_kinds():
            raise errors.invalid_field(
                "filter", "INVALID_LITERAL", field="OrgUnit.kind", value=kind
            )
        units: set[str] = set()
        for unit_id, unit_kind in profile.unit_kinds.items():
            if unit_kind == kind:
                units |= profile.tree.subtree(unit_id)
        return self._in_units(path, units)

    def _tree(self, node: Function, path: str) -> TenantProfile:
        if reference_type(self._query.field_of(path)) != ORG_UNIT or self._profile is None:
            raise _not_allowed(path, node.name)
        return self._profile

    def _in_units(self, path: str, units: Iterable[str]) -> str:
        column = self._query.filterable(path)
        return f"t.{column.name} = ANY({self._sql.bind(sorted(units), 'uuid[]')})"


@functools.cache
def unit_kinds() -> frozenset[str]:
    """Give the kinds of units there are, by their short names."""
    kinds = enum_of(org_unit_pb2.OrgUnit.DESCRIPTOR.fields_by_name["kind"])
    return frozenset(short_enum_name(kinds, value.name) for value in kinds.values if value.number)


@contextlib.contextmanager
def refusing(where: str, reason: str, path: str) -> Generator[None]:
    """Refuse what a filter would refuse as another part of a question does.

    Raises:
        Invalid: FIELD_HIDDEN, or the reason given.
    """
    try:
        yield
    except errors.Invalid as refused:
        hidden = refused.violations[0].reason == "FIELD_HIDDEN"
        told = "FIELD_HIDDEN" if hidden else reason
        raise errors.invalid_field(where, told, field=path) from None


def refused_parts(
    checks: Mapping[str, Callable[[], object]], record: str
) -> Iterator[errors.FieldViolation]:
    """Ask what a record keeps for later, and name what is refused by the record's own fields.

    Args:
        checks: by field, what raises Invalid when it cannot be asked.
        record: the singular of its noun: ``view``.
    """
    for name, check in checks.items():
        try:
            check()
        except errors.Invalid as refused:
            for wrong in refused.violations:
                yield errors.FieldViolation(
                    f"{record}.{name}", wrong.reason, metadata=wrong.metadata
                )


def _not_allowed(path: str, operator: str) -> errors.Invalid:
    return errors.invalid_field("filter", "OPERATOR_NOT_ALLOWED", field=path, operator=operator)


def custom_text(key: str) -> str:
    """Give the expression that reads a custom field as text.

    Args:
        key: of a defined field, so letters and digits.
    """
    return f"(t.{CUSTOM_FIELDS}->>'{key}')"


def _place_in(picklist: picklist_pb2.Picklist, value: str) -> str:
    """Give the expression for the place of a value in its list."""
    # As hexadecimal digits, in which nothing can be said but text.
    keys = orjson.dumps([entry.key for entry in picklist.entries]).hex()
    listed = f"jsonb_array_elements_text(convert_from('\\x{keys}'::bytea, 'UTF8')::jsonb)"
    return f"array_position(ARRAY(SELECT {listed}), {value})"


def _asks_presence(node: Comparison) -> bool:
    """Tell whether a comparison is ``field:*``."""
    return node.operator == ":" and node.value == "*" and not node.quoted


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
