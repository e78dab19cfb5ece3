"""What a value of each type is (PLT-26, PLT-18: data is checked when it is captured)."""

from typing import Any

import pytest
from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis.custom.value import CEL_TYPES, misfits
from chassis.expressions import compile_rule
from chassis.json.wellknown import decode_value

Field = custom_field_pb2.CustomField
INDUSTRY = picklist_pb2.Picklist(
    name="industry",
    entries=[
        picklist_pb2.PicklistEntry(key="software"),
        picklist_pb2.PicklistEntry(key="machinery"),
        picklist_pb2.PicklistEntry(key="textiles", retired=True),
    ],
)
ID = "0198a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"


def found(value: Any, type_: str, picklist: Any = INDUSTRY, **details: Any) -> list[Any]:
    field = Field(type=f"TYPE_{type_}", **details)
    given = misfits(decode_value(value), field, picklist, "f")
    return [(violation.path, violation.reason, violation.metadata) for violation in given]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("TEXT", "FOB 上海"),
        ("TEXT", "x" * 1000),
        ("LONG_TEXT", "x" * 10_000),
        ("INTEGER", 0),
        ("INTEGER", -(10**15 - 1)),
        ("DECIMAL", "-12.50"),
        ("DECIMAL", "1234567890123456789012345678.000000000000000001"),
        ("DECIMAL", 12),
        ("DATE", "2024-02-29"),
        ("TIMESTAMP", "2026-03-01T09:30:00+08:00"),
        ("BOOLEAN", False),
        ("PICKLIST", "software"),
        ("MULTI_PICKLIST", ["machinery", "software"]),
        ("MULTI_PICKLIST", []),
        ("REFERENCE", ID),
    ],
)
def test_a_value_of_the_type_fits(type_, value):
    assert found(value, type_) == []


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        ("TEXT", 5, "NOT_A_STRING"),
        ("TEXT", None, "NOT_A_STRING"),
        ("TEXT", "x" * 1001, "STRING_MAX_LEN"),
        ("LONG_TEXT", "x" * 10_001, "STRING_MAX_LEN"),
        ("INTEGER", 1.5, "NOT_AN_INTEGER"),
        ("INTEGER", "5", "NOT_AN_INTEGER"),
        ("INTEGER", True, "NOT_AN_INTEGER"),
        ("DECIMAL", 12.5, "INVALID_DECIMAL"),
        ("DECIMAL", "1e5", "INVALID_DECIMAL"),
        ("DECIMAL", "NaN", "INVALID_DECIMAL"),
        ("DATE", "2026-02-29", "INVALID_DATE"),
        ("DATE", "2026-02", "INVALID_DATE"),
        ("TIMESTAMP", "2026-03-01", "INVALID_TIMESTAMP"),
        ("BOOLEAN", "true", "NOT_A_BOOLEAN"),
        ("BOOLEAN", 1, "NOT_A_BOOLEAN"),
        ("PICKLIST", 1, "NOT_A_STRING"),
        ("MULTI_PICKLIST", "software", "NOT_A_LIST"),
        ("MULTI_PICKLIST", ["software", "software"], "GIVEN_TWICE"),
        ("REFERENCE", "HQ", "NOT_AN_ID"),
        ("REFERENCE", [ID], "NOT_A_STRING"),
    ],
)
def test_another_value_is_named_with_what_is_wrong(type_, value, reason):
    ((path, given, _),) = found(value, type_)
    assert (path, given) == ("f", reason)


def test_an_integer_that_json_cannot_hold_is_out_of_range():
    high = "999999999999999"
    told = {"low": f"-{high}", "high": high}
    assert found(10**15, "INTEGER") == [("f", "OUT_OF_RANGE", told)]


def test_a_number_lies_between_its_limits_both_included():
    limits = {"number_limits": {"minimum": {"value": "0.5"}, "maximum": {"value": "2"}}}
    assert found("0.5", "DECIMAL", **limits) == found("2.00", "DECIMAL", **limits) == []
    below = [("f", "BELOW_MINIMUM", {"minimum": "0.5"})]
    above = [("f", "ABOVE_MAXIMUM", {"maximum": "2"})]
    assert found("0.499999999999999999", "DECIMAL", **limits) == below
    assert found("2.000000000000000001", "DECIMAL", **limits) == above
    assert found(0, "INTEGER", **limits) == below
    assert found(3, "INTEGER", **limits) == above


def test_a_text_is_counted_in_characters():
    limits = {"text_limits": {"max_length": 4}}
    assert found("交货条件", "TEXT", **limits) == []
    assert found("交货条件。", "TEXT", **limits) == [("f", "STRING_MAX_LEN", {"max_len": "4"})]


def test_a_closed_list_offers_its_entries_and_none_that_is_retired():
    for key in ("textiles", "mining", ""):
        told = {"found": key, "picklist": "industry"}
        assert found(key, "PICKLIST") == [("f", "NOT_IN_PICKLIST", told)]


def test_an_open_list_takes_other_values_of_the_length_of_a_key():
    open_ = picklist_pb2.Picklist(name="industry", open=True)
    assert found("x" * 100, "PICKLIST", open_) == []
    assert found("x" * 101, "PICKLIST", open_) == [("f", "STRING_MAX_LEN", {"max_len": "100"})]


def test_of_several_keys_the_wrong_one_is_named():
    told = {"found": "mining", "picklist": "industry"}
    assert found(["software", "mining"], "MULTI_PICKLIST") == [("f[1]", "NOT_IN_PICKLIST", told)]
    assert found(["software", 7], "MULTI_PICKLIST") == [("f[1]", "NOT_A_STRING", {})]


@pytest.mark.parametrize(
    ("type_", "rule"),
    [
        ("TEXT", "size(value) > 2 && value.startsWith('F')"),
        ("LONG_TEXT", "value.contains('x')"),
        ("INTEGER", "value % 2 == 0"),
        ("DECIMAL", "value > 0.5"),
        ("DATE", "value > '2026-01-01'"),
        ("TIMESTAMP", "value > timestamp('2026-01-01T00:00:00Z')"),
        ("BOOLEAN", "value"),
        ("PICKLIST", "value in ['software']"),
        ("MULTI_PICKLIST", "'software' in value && size(value) < 3"),
        ("REFERENCE", "value != ''"),
    ],
)
def test_every_type_has_a_type_in_rules(type_, rule):
    compile_rule(rule, "f", {"value": CEL_TYPES[Field.Type.Value(f"TYPE_{type_}")]})


def test_no_type_is_forgotten():
    assert set(CEL_TYPES) == set(Field.Type.values()) - {Field.TYPE_UNSPECIFIED}
