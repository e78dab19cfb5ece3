"""Cells become custom fields as the firm has defined them (PLT-19, PLT-26)."""

import datetime
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
import yaml
from banyan.party.v1 import organization_pb2
from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis import errors
from chassis.custom.definitions import Definition, Fields
from chassis.json.wellknown import decode_value, encode_value
from documents.imports.cells import Reading
from documents.imports.custom import CustomReading, as_held, has_habits, misfits
from documents.imports.mapping import Find, First, Template, Times, read_map
from documents.imports.rows import Planned, value_of
from documents.tables.values import UNDECIDED, ColumnProfile, DateOrder

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
GERMAN = ColumnProfile(decimal_mark=",", date_order=DateOrder.DAY_FIRST)
_ID = "01a20d32-31d4-76a6-9740-af4a32836846"
Field = custom_field_pb2.CustomField
Organization = organization_pb2.Organization
INDUSTRY = picklist_pb2.Picklist(
    name="industry",
    entries=[
        {"key": "old", "label_en": "Software", "retired": True},
        {"key": "software", "label_en": "Software", "label_zh": "软件"},
        {"key": "mining", "label_en": "Mining", "label_zh": "采矿"},
    ],
)


def defined(kind: str, picklist: Any = INDUSTRY, **details: Any) -> Definition:
    return Definition(Field(key="x", type=f"TYPE_{kind}", **details), picklist)


def read(
    kind: str, cell: Any, profile: ColumnProfile = UNDECIDED, *, picklist: Any = INDUSTRY
) -> Any:
    field = Organization.DESCRIPTOR.fields_by_name["custom_fields"]
    definition = defined(kind, picklist)
    reading: Reading = CustomReading(field, SHANGHAI, "CNY", profile, definition=definition)
    return encode_value(reading.value(cell))


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("TEXT", " FOB Shanghai ", "FOB Shanghai"),
        ("TEXT", Decimal("5.50"), "5.5"),
        ("LONG_TEXT", "two\nlines", "two\nlines"),
        ("INTEGER", "12", 12),
        ("INTEGER", Decimal("12.0"), 12),
        ("DECIMAL", "12.50", "12.50"),
        ("DECIMAL", "-0.1", "-0.1"),
        ("DATE", "2017-03-01", "2017-03-01"),
        ("DATE", datetime.date(2017, 3, 1), "2017-03-01"),
        ("TIMESTAMP", "2017-03-01 09:30:00", "2017-03-01T01:30:00Z"),
        ("BOOLEAN", "是", True),
        ("BOOLEAN", False, False),
        ("PICKLIST", "mining", "mining"),
        ("PICKLIST", " Mining ", "mining"),
        ("PICKLIST", "采矿", "mining"),
        ("PICKLIST", "old", "old"),  # a record may have it, and keep it
        ("PICKLIST", "SOFTWARE", "software"),
        ("MULTI_PICKLIST", "mining; 软件", ["mining", "software"]),
        ("MULTI_PICKLIST", '["mining"]', ["mining"]),
        ("REFERENCE", _ID, _ID),
    ],
)
def test_a_cell_is_read_as_the_field_is_defined(kind, cell, value):
    assert read(kind, cell) == value


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("INTEGER", "1.200", 1200),
        ("DECIMAL", "1.200,50", "1200.50"),
        ("DATE", "01.03.2017", "2017-03-01"),
    ],
)
def test_how_the_column_writes_numbers_and_dates_counts(kind, cell, value):
    assert read(kind, cell, GERMAN) == value


def test_an_open_list_takes_what_it_does_not_know():
    listed = picklist_pb2.Picklist(entries=INDUSTRY.entries, open=True)
    assert read("PICKLIST", "farming", picklist=listed) == "farming"
    assert read("PICKLIST", "Mining", picklist=listed) == "mining"


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("INTEGER", "many", "NUMBER_UNREADABLE"),
        ("INTEGER", "1.5", "NOT_AN_INTEGER"),
        ("INTEGER", "1000000000000000", "OUT_OF_RANGE"),
        ("DECIMAL", "a lot", "NUMBER_UNREADABLE"),
        ("DATE", "soon", "DATE_UNREADABLE"),
        ("BOOLEAN", "perhaps", "BOOLEAN_UNREADABLE"),
        ("PICKLIST", "farming", "NOT_IN_PICKLIST"),
        ("MULTI_PICKLIST", "mining; farming", "NOT_IN_PICKLIST"),
        ("REFERENCE", "Acme", "NOT_AN_ID"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(kind, cell, reason):
    with pytest.raises(errors.Invalid) as caught:
        read(kind, cell)
    assert caught.value.reason == reason


def test_other_cells_help_to_read_numbers_and_dates():
    assert [has_habits(defined(kind)) for kind in ("INTEGER", "DATE", "TEXT", "PICKLIST")] == [
        *(True, True, False, False)
    ]


def test_a_decimal_stays_as_it_is_written_where_it_is_the_same():
    held, other = decode_value("12.50"), decode_value("12.5")
    assert as_held(other, held, defined("DECIMAL")) == held
    assert as_held(other, held, defined("TEXT")) == other
    assert as_held(decode_value("12.6"), held, defined("DECIMAL")) == decode_value("12.6")


# --- in a map


def map_of(fields: dict[str, Any], noun: str = "party.Organization") -> Any:
    record = {"noun": noun, "key": {"externalId": "{k}"}, "fields": fields}
    return yaml.safe_dump({"files": [{"file": "a.csv", "records": [record]}]}, sort_keys=False)


def expressions(**fields: Any) -> dict[str, Any]:
    named = {f"customFields.{key}": value for key, value in fields.items()}
    (record,) = read_map(map_of(named)).records
    assert record.custom_keys == tuple(fields)
    return {name.removeprefix("custom_fields."): e for name, e in record.fields[1:]}


def test_a_custom_field_is_filled_like_any_other():
    found = expressions(
        seats="{places}",
        price={"value": "{price}", "times": 1000},
        installer={"find": "party.Organization", "externalId": "{by}"},
        terms={"first": ["{a}", "FOB"]},
    )
    assert found["seats"] == Template((("places", ""),))
    assert found["price"] == Times(Template((("price", ""),)), Decimal(1000))
    assert isinstance(found["installer"], Find)
    assert found["terms"] == First((Template((("a", ""),)), Template(("FOB",))))


def test_a_fixed_value_is_what_a_cell_would_say():
    found = expressions(
        seats=5, price=1.5, renewal=True, day=datetime.date(2017, 3, 1), all=["a;b", "c"]
    )
    texts = {key: expression.text({}) for key, expression in found.items()}
    assert texts == {
        "seats": "5", "price": "1.5", "renewal": "true", "day": "2017-03-01", "all": '["a;b","c"]',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "at", "detail"),
    [
        (
            {"customFields.seats": "{a}", "custom_fields.seats": "{b}"},
            "files[0].records[0].fields.custom_fields.seats",
            "filled already",
        ),
        (
            {"customFields": "{a}", "customFields.seats": "{b}"},
            "files[0].records[0].fields",
            "one by one or all at once",
        ),
        (
            {"customFields.seats": {"a": "b"}},
            "files[0].records[0].fields.customFields.seats",
            "this must be a value",
        ),
        (
            {"customFields.seats": {"value": "{a}", "currency": "{b}"}},
            "files[0].records[0].fields.customFields.seats.currency",
            "only amounts have a currency",
        ),
        (
            {
                "customFields.seats": {
                    "find": "party.Organization",
                    "name": "{a}",
                    "take": "employeeCount",
                }
            },
            "files[0].records[0].fields.customFields.seats",
            "only a text can be taken",
        ),
    ],
)
def test_what_a_map_says_wrong_of_them_is_refused_with_its_place(fields, at, detail):
    with pytest.raises(errors.Invalid) as caught:
        read_map(map_of(fields))
    assert (caught.value.reason, caught.value.metadata["at"]) == ("INVALID_MAP", at)
    assert detail in caught.value.metadata["detail"]


def test_a_noun_without_custom_fields_has_none_in_a_map():
    with pytest.raises(errors.Invalid) as caught:
        read_map(map_of({"customFields.seats": "{a}"}, "studio.Picklist"))
    assert (caught.value.reason, caught.value.metadata) == (
        "MAP_FIELD_UNKNOWN",
        {"noun": "studio.Picklist", "field": "customFields.seats"},
    )


# --- against what is there


def planned(given: dict[str, Any], there: dict[str, Any] | None = None) -> Planned:
    (record,) = read_map(map_of({})).records
    message = Organization(id=_ID, name="A", custom_fields=given)
    held = None if there is None else Organization(id=_ID, name="B", custom_fields=there)
    return Planned(record, 2, message, ("name", "custom_fields"), held, False, frozenset(), {})


def test_custom_fields_change_one_by_one():
    """What the row does not speak of stays, and an undo takes back what was changed alone."""
    one = planned({"seats": 5, "terms": "FOB", "gone": None}, {"seats": 4, "terms": "FOB"})
    assert one.changed == ["name", "custom_fields.seats"]
    assert value_of(one.message, "custom_fields.gone") is None


def test_null_takes_a_value_away():
    assert planned({"gone": None}, {"gone": 1}).changed == ["name", "custom_fields.gone"]


SEATS: Fields = {"seats": Definition(Field(key="seats", type="TYPE_INTEGER", required=True), None)}


@pytest.mark.parametrize(
    ("given", "there", "reasons"),
    [
        ({"seats": 5}, None, []),
        ({}, None, ["REQUIRED"]),
        ({"seats": 5, "chairs": 5}, None, ["UNKNOWN_CUSTOM_FIELD"]),
        ({"seats": "many"}, {"seats": 5}, ["NOT_AN_INTEGER"]),
        ({"seats": "many"}, {"seats": "many"}, []),  # it was there before and stays
        ({}, {}, []),
    ],
)
def test_a_dry_run_holds_rows_to_what_is_defined(given, there, reasons):
    assert [wrong.reason for wrong in misfits(planned(given, there), SEATS)] == reasons
