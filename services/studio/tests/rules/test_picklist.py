"""Lists that a firm keeps itself (PLT-32)."""

from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis.json.wellknown import decode_value
from studio.picklist import lost_default, prepare_update, validate

Picklist = picklist_pb2.Picklist


def picklist(*keys: str, retired: tuple[str, ...] = ()) -> Picklist:
    entries = [{"key": key, "label_en": key.title(), "retired": key in retired} for key in keys]
    return Picklist(name="industry", entries=entries)


def entries(made: Picklist) -> list[tuple[str, bool]]:
    return [(entry.key, entry.retired) for entry in made.entries]


def test_each_entry_has_a_key_of_its_own(around, refused):
    validate(picklist("a", "b", "A"), around())
    assert refused(validate, picklist("a", "b", "a", "c", "c", "a"), around()) == [
        ("picklist.entries", "ENTRY_KEY_TWICE", {"key": "a"}),
        ("picklist.entries", "ENTRY_KEY_TWICE", {"key": "c"}),
    ]


def test_an_entry_that_is_left_out_is_retired(around):
    """Records that have it still show what it is called."""
    new = picklist("c", "d")
    prepare_update(picklist("a", "b", "c"), new, around())
    assert entries(new) == [("c", False), ("d", False), ("a", True), ("b", True)]
    assert new.entries[2].label_en == "A"


def test_a_retired_entry_comes_back_when_it_is_given(around):
    new = picklist("b", "a")
    prepare_update(picklist("a", "b", retired=("a",)), new, around())
    assert entries(new) == [("b", False), ("a", False)]


def field(key: str, default: Any = None) -> custom_field_pb2.CustomField:
    made = custom_field_pb2.CustomField(key=key)
    if default is not None:
        made.default_value.CopyFrom(decode_value(default))
    return made


def test_a_default_that_is_no_longer_offered_is_found():
    fields = [field("none"), field("one", "a"), field("several", ["a", "b"])]
    assert lost_default(fields, picklist("a", "b").entries) is None
    assert lost_default(fields, picklist("a", "b", retired=("b",)).entries) == ("b", "several")
    assert lost_default(fields, picklist("b").entries) == ("a", "one")
    assert lost_default([field("none")], []) is None
