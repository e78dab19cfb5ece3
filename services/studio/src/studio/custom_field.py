"""CustomField: a field a firm gives to a noun of the contract (PLT-26, PLT-29)."""

import decimal
from collections.abc import Iterable, Iterator
from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis import errors
from chassis.custom.fields import CUSTOM_FIELDS, rule_of
from chassis.custom.value import LENGTH_MAX, misfits
from chassis.errors import FieldViolation
from chassis.json import short_enum_name
from chassis.json.refusal import Refused
from chassis.json.wellknown import decode_decimal
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.resources.kinds import noun_of, nouns
from chassis.rpc import Call
from studio.label import fill_label

_Field = custom_field_pb2.CustomField
# What a type has to know beside its name, and the types that cannot do without.
_DETAILS = {
    _Field.TYPE_TEXT: "text_limits",
    _Field.TYPE_LONG_TEXT: "text_limits",
    _Field.TYPE_INTEGER: "number_limits",
    _Field.TYPE_DECIMAL: "number_limits",
    _Field.TYPE_PICKLIST: "picklist_id",
    _Field.TYPE_MULTI_PICKLIST: "picklist_id",
    _Field.TYPE_REFERENCE: "reference_target",
}
_NEEDED = {"picklist_id", "reference_target"}


async def complete(here: Resources, call: Call, new: Any, _: dict[Any, Any]) -> None:
    """Refuse a key under which records still hold values of another type.

    Raises:
        FailedPrecondition: KEY_HELD_ANOTHER_TYPE.
    """
    earlier = await here[_Field].store.where(
        call.tenant_id,
        "t.resource_type = $1 AND t.key = $2 AND t.delete_time IS NOT NULL",
        *(new.resource_type, new.key),
    )
    check_key(new, earlier)


def check_key(new: _Field, earlier: Iterable[_Field]) -> None:
    """Refuse a key that a deleted field of another type had: a deleted field keeps its values.

    Raises:
        FailedPrecondition: KEY_HELD_ANOTHER_TYPE.
    """
    for field in earlier:
        if field.type != new.type:
            raise errors.FailedPrecondition(
                "KEY_HELD_ANOTHER_TYPE", key=field.key, type=_type_name(field.type)
            )


def prepare_create(field: _Field, _: Around) -> None:
    """Label a field that has no label; a default of null is none."""
    fill_label(field, field.key)
    if field.default_value.WhichOneof("kind") in (None, "null_value"):
        field.ClearField("default_value")


def prepare_update(_: _Field, new: _Field, around: Around) -> None:
    """Treat a changed field as a new one."""
    prepare_create(new, around)


def validate(field: _Field, around: Around) -> None:
    """Refuse a definition that cannot be kept, naming everything that is wrong with it.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE, NO_CUSTOM_FIELDS, DETAILS_OF_ANOTHER_TYPE, REQUIRED,
            OUT_OF_RANGE, INVALID_DECIMAL, NOT_AN_INTEGER, MINIMUM_ABOVE_MAXIMUM,
            DEFAULT_NOT_ALLOWED, what else is wrong with the default (BELOW_MINIMUM,
            NOT_IN_PICKLIST, ...) and with the rule (INVALID_RULE at its position).
        FailedPrecondition: PICKLIST_DELETED.
    """
    if field.HasField("delete_time"):
        return  # what has become wrong since can still be taken away
    noun = noun_of(field.resource_type, "custom_field.resource_type")
    if CUSTOM_FIELDS not in noun.fields:
        raise errors.invalid_field(
            "custom_field.resource_type", "NO_CUSTOM_FIELDS", found=field.resource_type
        )
    picklist = around.record("picklist_id")
    if picklist is not None and picklist.HasField("delete_time"):
        raise errors.FailedPrecondition("PICKLIST_DELETED", picklist=picklist.name)
    violations = [*_wrong_details(field), *_wrong_limits(field)]
    if not violations:
        violations += _wrong_default(field, picklist)
    violations += _wrong_rule(field, noun)
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def _wrong_details(field: _Field) -> Iterator[FieldViolation]:
    given, wanted = field.WhichOneof("details"), _DETAILS.get(field.type)
    if given is not None and given != wanted:
        told = {"type": _type_name(field.type)}
        yield FieldViolation(f"custom_field.{given}", "DETAILS_OF_ANOTHER_TYPE", metadata=told)
    if wanted in _NEEDED and given != wanted:
        yield FieldViolation(f"custom_field.{wanted}", "REQUIRED")
    target = field.reference_target.resource_type
    if field.HasField("reference_target") and target not in nouns():
        path = "custom_field.reference_target.resource_type"
        yield FieldViolation(path, "UNKNOWN_RESOURCE_TYPE", metadata={"found": target})


def _wrong_limits(field: _Field) -> Iterator[FieldViolation]:
    most = LENGTH_MAX.get(field.type)
    if most is not None and field.text_limits.max_length > most:
        path, told = "custom_field.text_limits.max_length", {"low": "0", "high": str(most)}
        yield FieldViolation(path, "OUT_OF_RANGE", metadata=told)
    limits: list[decimal.Decimal] = []
    for name in ("minimum", "maximum"):
        if field.number_limits.HasField(name):
            path = f"custom_field.number_limits.{name}"
            text = getattr(field.number_limits, name).value
            try:
                limits.append(_limit(text, field))
            except Refused as refused:
                yield from refused.violations(path)
    if len(limits) == 2 and limits[0] > limits[1]:
        yield FieldViolation("custom_field.number_limits.maximum", "MINIMUM_ABOVE_MAXIMUM")


def _limit(text: str, field: _Field) -> decimal.Decimal:
    number = decimal.Decimal(decode_decimal(text).value)
    if field.type == _Field.TYPE_INTEGER and number != number.to_integral_value():
        raise Refused.one("NOT_AN_INTEGER")
    return number


def _wrong_default(
    field: _Field, picklist: picklist_pb2.Picklist | None
) -> Iterable[FieldViolation]:
    path = "custom_field.default_value"
    if not field.HasField("default_value"):
        return ()
    if field.type == _Field.TYPE_REFERENCE:
        return (FieldViolation(path, "DEFAULT_NOT_ALLOWED"),)
    return misfits(field.default_value, field, picklist, path)


def _wrong_rule(field: _Field, noun: Noun) -> Iterable[FieldViolation]:
    if not field.validation:
        return ()
    try:
        rule_of(field, noun.table_name, noun.descriptor, "custom_field.validation")
    except errors.Invalid as refused:
        return refused.violations
    return ()


def _type_name(number: int) -> str:
    enum = _Field.DESCRIPTOR.enum_types_by_name["Type"]
    return short_enum_name(enum, enum.values_by_number[number].name)


CUSTOM_FIELD = Noun(
    _Field,
    reads=("picklist_id",),
    hooks=Hooks(
        complete=complete,
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
    ),
    without={"Share": "it is in force for everybody"},
)
