"""Rows become records whole or not at all, once, in any order (PLT-19)."""

import datetime
import decimal
import itertools
import uuid
from typing import Any

import pytest
import yaml
from banyan.party.v1 import organization_pb2
from banyan.studio.v1 import custom_field_pb2
from banyan.type.v1 import money_pb2
from google.type import date_pb2, decimal_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from chassis.custom.definitions import Definition
from documents.imports.known import Known
from documents.imports.mapping import read_map
from documents.imports.planning import Planner, chosen_id
from documents.imports.rows import NotYet, Planned, Problem, Refused, RowView, same, views
from documents.tables import CellError, Row
from documents.tables.values import ColumnProfile

Field = custom_field_pb2.CustomField
JOB = "01a20d32-31d4-76a6-9740-af4a32836846"
THERE = "01a20d32-0000-7000-8000-000000000001"
PARENT = {"find": "party.Organization", "externalId": "{parent}"}
FIRMS: dict[str, Any] = {
    "noun": "party.Organization",
    "key": {"externalId": "{key}"},
    "fields": {
        "name": "{name}",
        "employeeCount": "{staff}",
        "annualRevenue": {"value": "{revenue}", "times": 1000},
        "parentOrganizationId": PARENT,
        "industry": {"first": ["{trade}", PARENT | {"take": "industry"}, "none"]},
    },
}
PEOPLE: dict[str, Any] = {
    "noun": "party.Contact",
    "key": {"externalId": "{key} {person}"},
    "when": "{person}",
    "fields": {
        "name": "{person}",
        "organizationId": {"find": "party.Organization", "externalId": "{key}"},
    },
}
COLUMNS = ("key", "name", "staff", "revenue", "parent", "trade", "person")


async def nobody(_method: Any, _request: Any) -> Any:
    raise AssertionError("planning asks nobody")


class Sheet:
    """A file whose rows are planned, and what is there already."""

    def __init__(self, *records: Any, custom: Any = None, **profiles: ColumnProfile) -> None:
        file = {"file": "a.csv", "records": list(records)}
        self.wanted = read_map(yaml.safe_dump({"files": [file]}, sort_keys=False))
        self.known = Known(nobody)
        self.lines = itertools.count(2)
        self.planner = Planner(
            self.wanted.files[0].records, self.known, JOB, 0,
            zone=datetime.UTC, currency="CNY", profiles=profiles, looked_up=self.wanted.looked_up,
            custom=custom or {},
        )  # fmt: skip

    def is_there(self, key: str, **fields: Any) -> organization_pb2.Organization:
        record = organization_pb2.Organization(
            **{"id": THERE, "etag": "7", "external_id": key} | fields
        )
        self.known.there["party.Organization", ("external_id",), (key,)] = record
        return record

    def row(self, line: int = 0, **texts: str) -> RowView:
        cells = {name: texts.get(name, "") for name in COLUMNS}
        return RowView(line or next(self.lines), cells, cells)

    def plan(self, line: int = 0, *, last: bool = False, **texts: str) -> list[Planned]:
        return self.planner.plan(self.row(line, **texts), last=last)

    def refusal(self, line: int = 0, *, last: bool = False, **texts: str) -> Problem:
        with pytest.raises(Refused) as caught:
            self.plan(line, last=last, **texts)
        return caught.value.problem


def test_a_row_becomes_the_records_of_its_map():
    sheet = Sheet(FIRMS, PEOPLE)
    firm, person = sheet.plan(line=5, key="a", name="Alpha", staff="3", revenue="1.5", person="Li")
    assert firm.message == organization_pb2.Organization(
        id=chosen_id(JOB, 0, 5, 0), external_id="a", name="Alpha", employee_count=3,
        annual_revenue={"currency_code": "CNY", "amount": "1500"}, industry="none",
    )  # fmt: skip
    assert firm.names == ("external_id", "name", "employee_count", "annual_revenue", "industry")
    assert (firm.there, firm.made, firm.needs) == (None, False, frozenset())
    assert firm.columns["annual_revenue"] == "revenue"
    assert (person.message.name, person.message.external_id) == ("Li", "a Li")
    assert person.message.organization_id == firm.message.id
    assert person.needs == {firm.message.id}


def test_a_record_is_left_out_where_its_when_is_empty():
    assert [p.map.noun.name for p in Sheet(FIRMS, PEOPLE).plan(key="a", name="A")] == [
        "party.Organization"
    ]


def test_an_empty_cell_leaves_a_field_as_it_is():
    sheet = Sheet(FIRMS)
    sheet.is_there("a", name="Alpha", employee_count=9, industry="none")
    (firm,) = sheet.plan(key="a", name="Alpha")
    assert firm.changed == []
    assert firm.message.id == THERE
    (other,) = Sheet(FIRMS).plan(key="a", name="Alpha", staff="  ")
    assert "employee_count" not in other.names


def test_what_is_there_is_changed_where_it_differs():
    sheet = Sheet(FIRMS)
    revenue = money_pb2.Money(currency_code="CNY", amount="1500")
    sheet.is_there("a", name="Alpha", employee_count=9, annual_revenue=revenue, industry="none")
    (firm,) = sheet.plan(key="a", name="Alpha", staff="10", revenue="1.50")
    assert firm.changed == ["employee_count"]


def test_what_an_earlier_try_made_is_known_by_its_id():
    sheet = Sheet(FIRMS)
    sheet.is_there("a", id=chosen_id(JOB, 0, 9, 0))
    assert sheet.plan(line=9, key="a", name="A")[0].made
    again = Sheet(FIRMS)
    again.is_there("a", id=chosen_id(JOB, 0, 9, 0))
    assert not again.plan(line=10, key="a", name="A")[0].made


# --- first, times, find and take


def test_the_first_that_is_not_empty_counts():
    sheet = Sheet(FIRMS)
    sheet.is_there("p", industry="mining")
    industries = [
        sheet.plan(key="a", name="A", trade="steel", parent="p"),
        sheet.plan(key="b", name="B", parent="p"),
        sheet.plan(key="c", name="C"),
    ]
    assert [planned[0].message.industry for planned in industries] == ["steel", "mining", "none"]


def test_custom_fields_are_filled_by_cells_records_and_what_they_say():
    """PLT-26; a record that is referred to is written before."""
    target = {"resource_type": "party.banyan/Organization"}
    kinds = {
        "price": Field(key="price", type="TYPE_DECIMAL"),
        "trade": Field(key="trade", type="TYPE_TEXT"),
        "head": Field(key="head", type="TYPE_REFERENCE", reference_target=target),
    }
    fields = {
        "customFields.price": "{revenue}",
        "customFields.trade": {"first": ["{trade}", PARENT | {"take": "industry"}]},
        "customFields.head": PARENT,
    }
    firms = FIRMS | {"fields": fields}
    defined = {key: Definition(kind, None) for key, kind in kinds.items()}
    sheet = Sheet(firms, custom={"party.Organization": defined})
    parent = sheet.is_there("p", industry="mining")
    sheet.is_there("a", id=JOB, custom_fields={"price": "1.50", "trade": "steel"})
    (firm,) = sheet.plan(key="a", revenue="1.5", parent="p")
    assert firm.changed == ["custom_fields.head", "custom_fields.trade"]
    values = firm.message.custom_fields
    assert (values["trade"], values["head"]) == ("mining", parent.id)
    assert firm.needs == {parent.id}
    assert firm.columns["custom_fields.head"] == "parent"


def test_what_is_taken_of_a_record_that_has_not_got_it_is_empty():
    sheet = Sheet(FIRMS)
    sheet.is_there("p")
    (firm,) = sheet.plan(key="a", name="A", parent="p")
    assert (firm.message.parent_organization_id, firm.message.industry) == (THERE, "none")


def test_amounts_have_the_currency_of_the_map_before_that_of_the_firm():
    (firm,) = Sheet(FIRMS | {"currency": "EUR"}).plan(key="a", name="A", revenue="2")
    assert firm.message.annual_revenue == money_pb2.Money(currency_code="EUR", amount="2000")


def test_a_column_says_how_it_writes_numbers():
    (firm,) = Sheet(FIRMS, staff=ColumnProfile(decimal_mark=",")).plan(
        key="a", name="A", staff="1.234"
    )
    assert firm.message.employee_count == 1234
    assert Sheet(FIRMS).refusal(key="a", name="A", staff="1.234").reason == "AMBIGUOUS_NUMBER"


# --- what is refused, and where


@pytest.mark.parametrize(
    ("texts", "column", "value", "reason", "metadata"),
    [
        ({"key": ""}, "key", "", "KEY_EMPTY", {}),
        ({"staff": "many"}, "staff", "many", "NUMBER_UNREADABLE", {"given": "many"}),
        ({"staff": "1.5"}, "staff", "1.5", "NOT_AN_INTEGER", {}),
        ({"staff": "99999999999"}, "staff", "99999999999", "VALUE_OUT_OF_RANGE", {}),
        ({"revenue": "1,234"}, "revenue", "1,234", "AMBIGUOUS_NUMBER", {"given": "1,234"}),
        (
            {"parent": "nobody"}, "parent", "nobody", "RECORD_NOT_FOUND",
            {"noun": "party.Organization", "value": "nobody"},
        ),
    ],
)  # fmt: skip
def test_a_cell_that_is_wrong_is_named(texts, column, value, reason, metadata):
    wrong = Sheet(FIRMS).refusal(line=7, last=True, **({"key": "a", "name": "A"} | texts))
    assert wrong == Problem(7, reason, column, value, "party.Organization", metadata)


def test_a_row_goes_in_whole_or_not_at_all():
    """What is wrong with its second record holds back its first, and lets a later row be it."""
    sheet = Sheet(FIRMS, {**PEOPLE, "key": {"externalId": "{trade}"}})
    assert sheet.refusal(line=2, key="a", name="A", person="Li").reason == "KEY_EMPTY"
    firm, person = sheet.plan(line=3, key="a", name="Another", person="Li", trade="x")
    assert firm.message.id == chosen_id(JOB, 0, 3, 0)
    assert person.message.organization_id == firm.message.id


def test_a_row_that_waits_holds_nothing():
    sheet = Sheet(FIRMS, PEOPLE)
    with pytest.raises(NotYet):
        sheet.plan(line=2, key="b", name="B", parent="a")
    assert len(sheet.plan(line=3, key="b", name="Other", person="Li")) == 2


# --- once, twice, later


def test_the_same_record_in_many_rows_is_planned_once():
    sheet = Sheet(FIRMS, PEOPLE)
    first = sheet.plan(key="a", name="Alpha", person="Li")
    second = sheet.plan(key="a", name="Alpha", person="Wang")
    assert [p.map.noun.name for p in first] == ["party.Organization", "party.Contact"]
    assert [p.map.noun.name for p in second] == ["party.Contact"]
    assert second[0].message.organization_id == first[0].message.id


def test_the_same_key_with_another_content_is_refused_with_the_earlier_line():
    sheet = Sheet(FIRMS)
    sheet.plan(line=2, key="a", name="Alpha")
    assert sheet.refusal(line=3, key="a", name="Beta") == Problem(
        3, "KEY_TWICE", "key", "a", "party.Organization", {"line": "2"}
    )


def test_what_a_row_refers_to_may_come_later():
    sheet = Sheet(FIRMS)
    with pytest.raises(NotYet):
        sheet.plan(line=2, key="b", name="Beta", parent="a")
    (parent,) = sheet.plan(line=3, key="a", name="Alpha")
    (child,) = sheet.plan(line=2, last=True, key="b", name="Beta", parent="a")
    assert child.message.parent_organization_id == parent.message.id
    assert child.message.id == chosen_id(JOB, 0, 2, 0)  # the same as if it had not waited


def test_what_no_record_of_this_file_can_be_is_not_waited_for():
    owner = {"ownerUserId": {"find": "identity.User", "email": "{person}"}}
    sheet = Sheet(FIRMS | {"fields": FIRMS["fields"] | owner})
    wrong = sheet.refusal(key="a", name="A", person="li@example.com")
    assert (wrong.reason, wrong.column) == ("RECORD_NOT_FOUND", "person")


# --- rows by their columns


def seen(row: Row, values: Any = None) -> Any:
    (view,) = views([row], ["a", "b", "c"], values or {}, ["c", "a"])
    return view


def test_rows_have_the_columns_that_are_wanted_stripped_and_put_right():
    view = seen(Row(4, (" x ", "no", "中国")), {"c": {"中国": "CN"}})
    assert (view.line, view.texts) == (4, {"c": "CN", "a": "x"})
    assert view.cells["c"] == "CN"


def test_a_value_may_stand_for_an_empty_cell_and_be_empty():
    assert seen(Row(4, ("n/a", "", " ")), {"c": {"": "CN"}, "a": {"n/a": ""}}).texts == {
        "c": "CN",
        "a": "",
    }


def test_numbers_of_a_workbook_are_texts_as_the_sheet_shows_them():
    view = seen(Row(4, (decimal.Decimal("5.0"), "", True)))
    assert (view.texts, view.cells["a"]) == ({"c": "true", "a": "5"}, decimal.Decimal("5.0"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            Row(4, ("x",), errors.Invalid("CELLS_MISSING", given=1)),
            Problem(4, "CELLS_MISSING", metadata={"given": "1"}),
        ),
        (
            Row(4, (CellError("#N/A"), "", "")),
            Problem(4, "CELL_ERROR", "a", metadata={"error": "#N/A"}),
        ),
        (
            Row(4, ("", "", decimal.Decimal(10**16))),
            Problem(4, "DIGITS_LOST", "c", metadata={"given": "10000000000000000"}),
        ),
    ],
)
def test_a_row_that_cannot_be_used_says_why(row, problem):
    assert seen(row) == problem


# --- what has to be known first


def test_only_what_is_unknown_is_asked_for():
    sheet = Sheet(FIRMS, PEOPLE)
    sheet.is_there("p")
    row = sheet.row(key="a", name="A", parent="p", person="")
    assert [s.key for s in sheet.planner.sought([row])] == [
        ("party.Organization", ("external_id",), ("a",))
    ]
    assert sheet.planner.paths()["party.Organization"] >= {"name", "industry", "employee_count"}
    sheet.known.none_of.add("party.Organization")
    assert list(sheet.planner.sought([row])) == []


# --- ids


def test_an_id_follows_from_its_place_and_is_a_uuid_of_version_7():
    found = uuid.UUID(chosen_id(JOB, 1, 70_000, 2))
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert str(found) == chosen_id(JOB, 1, 70_000, 2)


def test_ids_differ_by_job_file_line_and_record_and_grow_with_the_line():
    lines = [chosen_id(JOB, 0, line, 0) for line in range(1, 20_000)]
    assert lines == sorted(lines)
    places = itertools.product((JOB, THERE), (-1, 0, 1), (1, 2, 4097), (0, 1, 2))
    ids = [chosen_id(*place) for place in places]
    assert len(set(ids)) == len(ids)
    begun = uuid.UUID(JOB).int >> 80
    assert (uuid.UUID(lines[0]).int >> 80) - begun == 0
    assert (uuid.UUID(lines[-1]).int >> 80) - begun == 19_999 // 4096


# --- what is the same


@pytest.mark.parametrize(
    ("ours", "theirs", "are"),
    [
        (decimal_pb2.Decimal(value="5"), decimal_pb2.Decimal(value="5.00"), True),
        (decimal_pb2.Decimal(value="5"), decimal_pb2.Decimal(value="5.01"), False),
        (decimal_pb2.Decimal(value="0"), decimal_pb2.Decimal(), False),
        (
            money_pb2.Money(currency_code="CNY", amount="5"),
            money_pb2.Money(currency_code="CNY", amount="5.0"),
            True,
        ),
        (
            money_pb2.Money(currency_code="CNY", amount="5"),
            money_pb2.Money(currency_code="EUR", amount="5"),
            False,
        ),
        (date_pb2.Date(year=2017), date_pb2.Date(year=2017), True),
        (["a", "b"], ["b", "a"], False),
        ("a", "a", True),
        ("a", "A", False),
    ],
)
def test_values_are_the_same_when_they_mean_the_same(ours, theirs, are):
    assert same(ours, theirs) is are


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(0, 5))
def test_zeros_behind_a_number_mean_nothing(number, zeros):
    text = f"{number:f}"
    assert same(decimal_pb2.Decimal(value=text), decimal_pb2.Decimal(value=text + "0" * zeros))


# --- records that are known by their id, as exports give it (PLT-20)

OTHER = "01a20d32-0000-7000-8000-000000000002"
COPIES: dict[str, Any] = {
    "noun": "party.Organization",
    "key": {"id": "{key}"},
    "fields": {
        "name": "{name}",
        "parentOrganizationId": "{parent}",
        "annualRevenue": {"value": "{revenue}", "currency": "{trade}"},
    },
}


def known_by_id(sheet: Sheet, record_id: str, **fields: Any) -> None:
    record = organization_pb2.Organization(id=record_id, etag="7", **fields)
    sheet.known.there["party.Organization", ("id",), (record_id,)] = record


def test_a_record_that_is_known_by_its_id_is_made_with_it_or_changed():
    sheet = Sheet(COPIES)
    (new,) = sheet.plan(key=OTHER, name="Beta", revenue="1.50", trade="EUR")
    money = money_pb2.Money(currency_code="EUR", amount="1.50")
    wanted = organization_pb2.Organization(id=OTHER, name="Beta", annual_revenue=money)
    assert (new.message, new.there, new.made) == (wanted, None, False)
    known_by_id(sheet, THERE, name="Alpha")
    (changed,) = sheet.plan(key=THERE, name="Alpha AG")
    assert (changed.message.id, changed.changed, changed.made) == (THERE, ["name"], False)


@pytest.mark.parametrize("text", ["7", THERE.upper(), f"{THERE}0"])
def test_what_is_no_id_knows_no_record(text):
    sheet = Sheet(COPIES)
    assert list(sheet.planner.sought([sheet.row(key=text)])) == []
    problem = sheet.refusal(line=3, key=text, name="A")
    assert (problem.reason, problem.column, problem.value) == ("NOT_AN_ID", "key", text)


def test_a_row_waits_for_the_record_it_names_by_an_id_that_may_still_come():
    sheet = Sheet(COPIES)
    sought = [one.values for one in sheet.planner.sought([sheet.row(key=OTHER, parent=THERE)])]
    assert sought == [(OTHER,), (THERE,)]
    with pytest.raises(NotYet):
        sheet.plan(key=OTHER, name="Child", parent=THERE)
    sheet.plan(key=THERE, name="Parent")
    (child,) = sheet.plan(key=OTHER, name="Child", parent=THERE)
    assert child.needs == {THERE}


def test_an_id_that_does_not_come_in_this_file_is_left_to_the_service_to_judge():
    """Whoever exports may refer to what they cannot see."""
    (child,) = Sheet(COPIES).plan(key=OTHER, name="Child", parent=THERE, last=True)
    assert child.message.parent_organization_id == THERE


def test_spaces_around_texts_belong_to_them_where_the_map_says_so():
    rows = [Row(2, (" a ", "  "))]
    (row,) = views(rows, ["key", "name"], {}, ["key", "name"], spaces=True)
    assert (row.texts, row.cells["key"]) == ({"key": " a ", "name": ""}, " a ")  # blank is empty


def test_of_what_a_file_makes_no_more_is_kept_than_is_asked_of_it():
    """There are as many as there are rows: an id where nothing else is taken."""
    name = ("party.Organization", ("external_id",))
    taken, plain = Sheet(FIRMS), Sheet(FIRMS | {"fields": {"parentOrganizationId": PARENT}})
    for sheet in (taken, plain):
        sheet.plan(line=2, key="a", name="Alpha", trade="mining")
    assert plain.known.made[name] == {("a",): chosen_id(JOB, 0, 2, 0)}
    kept = taken.known.made[name]["a",]
    assert isinstance(kept, bytes)
    assert organization_pb2.Organization.FromString(kept).industry == "mining"
    (child,) = taken.plan(key="b", name="Beta", parent="a")
    assert child.message.industry == "mining"


async def test_records_that_are_there_are_forgotten_when_they_are_many(monkeypatch):
    monkeypatch.setattr("documents.imports.known._THERE_MAX", 1)
    sheet = Sheet(FIRMS)
    sheet.is_there("a")
    await sheet.known.look_up((), {})
    assert len(sheet.known.there) == 1
    sheet.is_there("b")
    await sheet.known.look_up((), {})
    assert sheet.known.there == {}
