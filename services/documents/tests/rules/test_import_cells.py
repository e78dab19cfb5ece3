"""Cells become fields of every type a cell can hold, exactly or not at all (PLT-19)."""

import datetime
import zoneinfo
from decimal import Decimal

import pytest
from banyan.documents.v1 import document_pb2, import_job_pb2, import_step_pb2
from banyan.party.v1 import organization_pb2
from banyan.sales.v1 import opportunity_line_pb2, opportunity_pb2, pipeline_pb2
from banyan.type.v1 import money_pb2
from google.type import date_pb2, decimal_pb2

from chassis import errors
from documents.imports.cells import Reading, refuse_unreadable, wants_profile
from documents.lists import joined, parted
from documents.tables import CellError
from documents.tables.sheet import exact_number
from documents.tables.values import UNDECIDED, ColumnProfile, DateOrder

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
GERMAN = ColumnProfile(decimal_mark=",", date_order=DateOrder.DAY_FIRST)
AMERICAN = ColumnProfile(decimal_mark=".", date_order=DateOrder.MONTH_FIRST)
Organization = organization_pb2.Organization
Opportunity = opportunity_pb2.Opportunity


def reading(message, name, profile=UNDECIDED, factor="1") -> Reading:
    field = message.DESCRIPTOR.fields_by_name[name]
    return Reading(field, SHANGHAI, "CNY", profile, Decimal(factor))


def read(message, name, cell, profile=UNDECIDED, factor="1"):
    return reading(message, name, profile, factor).value(cell)


def reason(message, name, cell, profile=UNDECIDED, factor="1") -> str:
    with pytest.raises(errors.Invalid) as caught:
        read(message, name, cell, profile, factor)
    return caught.value.reason


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("李娜", "李娜"),
        (Decimal("5.50"), "5.5"),
        (True, "true"),
        (datetime.date(2017, 3, 1), "2017-03-01"),
    ],
)
def test_a_text_is_as_people_would_type_it(cell, text):
    assert read(Organization, "name", cell) == text


def test_spaces_around_a_text_say_nothing():
    """What a record is found by has none either."""
    assert read(Organization, "external_id", "  a b\u3000") == "a b"


def test_several_texts_are_separated_by_semicolons():
    assert read(Organization, "roles", " customer; partner;;") == ["customer", "partner"]


@pytest.mark.parametrize(
    ("cell", "number"), [("12", 12), ("12.00", 12), (Decimal("12"), 12), ("1.2万", 12000)]
)
def test_whole_numbers(cell, number):
    assert read(Organization, "employee_count", cell) == number


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1.5", "NOT_AN_INTEGER"),
        ("many", "NUMBER_UNREADABLE"),
        ("1,234", "AMBIGUOUS_NUMBER"),
        (True, "NUMBER_UNREADABLE"),
        (CellError("#REF!"), "CELL_ERROR"),
        (CellError("="), "FORMULA_NOT_CALCULATED"),
    ],
)
def test_what_is_no_whole_number(cell, why):
    assert reason(Organization, "employee_count", cell) == why


def test_a_number_its_field_cannot_hold_is_refused():
    """An int32 ends at 2147483647; the next one must not end the job."""
    assert read(Organization, "founded_year", "2147483647") == 2**31 - 1
    assert reason(Organization, "founded_year", "2147483648") == "VALUE_OUT_OF_RANGE"
    assert reason(Organization, "founded_year", "-2147483649") == "VALUE_OUT_OF_RANGE"
    assert read(document_pb2.Document, "size", "9223372036854775807") == 2**63 - 1
    assert reason(document_pb2.Document, "size", "9223372036854775808") == "VALUE_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("cell", "profile", "amount"),
    [
        ("1,234.50", UNDECIDED, "1234.50"),
        ("1.234,50", UNDECIDED, "1234.50"),
        ("1.234", GERMAN, "1234"),
        ("1,234", GERMAN, "1.234"),
        ("1,234", AMERICAN, "1234"),
        ("1.2E+4", UNDECIDED, "12000"),
        ("(12)", UNDECIDED, "-12"),
        ("¥ 12", UNDECIDED, "12"),
        (Decimal("0.10"), UNDECIDED, "0.10"),
    ],
)
def test_amounts_have_the_currency_of_the_map_and_lose_no_digit(cell, profile, amount):
    assert read(Opportunity, "amount", cell, profile) == money_pb2.Money(
        currency_code="CNY", amount=amount
    )


def test_a_currency_says_more_than_a_number():
    assert reason(Opportunity, "amount", "12 EUR") == "NUMBER_UNREADABLE"


@pytest.mark.parametrize(
    ("cell", "factor", "amount"),
    [
        ("1.1", "1000000", "1100000"),
        ("1.2345678", "1000000", "1234567.8"),
        (exact_number("647.1799999999999"), "1000000", "647180000"),
        ("12.5", "0.01", "0.125"),
        (Decimal("9" * 30), "1000000", "9" * 30 + "000000"),
    ],
)
def test_a_number_times_a_factor_is_exact(cell, factor, amount):
    found = read(opportunity_line_pb2.OpportunityLine, "quantity", cell, factor=factor)
    assert found == decimal_pb2.Decimal(value=amount)


@pytest.mark.parametrize(
    ("cell", "profile", "day"),
    [
        ("2017-03-04", UNDECIDED, (2017, 3, 4)),
        ("2017年3月4日", UNDECIDED, (2017, 3, 4)),
        ("03/04/2017", GERMAN, (2017, 4, 3)),
        ("03/04/2017", AMERICAN, (2017, 3, 4)),
        (datetime.datetime(2017, 3, 4, 23, 59), UNDECIDED, (2017, 3, 4)),
        (Decimal("42798"), UNDECIDED, (2017, 3, 4)),
    ],
)
def test_dates(cell, profile, day):
    year, month, number = day
    assert read(Opportunity, "close_date", cell, profile) == date_pb2.Date(
        year=year, month=month, day=number
    )


@pytest.mark.parametrize(
    ("cell", "profile", "why"),
    [
        ("03/04/2017", UNDECIDED, "AMBIGUOUS_DATE"),
        ("2017-02-30", UNDECIDED, "DATE_UNREADABLE"),
        ("13/14/2017", GERMAN, "DATE_UNREADABLE"),
        ("soon", UNDECIDED, "DATE_UNREADABLE"),
        ("5", UNDECIDED, "DATE_UNREADABLE"),
        ("2017", UNDECIDED, "DATE_UNREADABLE"),
    ],
)
def test_what_is_no_date(cell, profile, why):
    assert reason(Opportunity, "close_date", cell, profile) == why


def test_an_instant_is_meant_where_the_firm_is():
    at = read(Organization, "create_time", "2017-03-04 08:30")
    assert at.ToDatetime(datetime.UTC) == datetime.datetime(2017, 3, 4, 0, 30, tzinfo=datetime.UTC)
    zoned = read(Organization, "create_time", "2017-03-04T08:30:00+01:00")
    assert zoned.ToDatetime().hour == 7
    assert reason(Organization, "create_time", "noon") == "TIMESTAMP_UNREADABLE"


@pytest.mark.parametrize(("cell", "meaning"), [("是", True), ("no", False), (Decimal(1), True)])
def test_yes_and_no(cell, meaning):
    assert read(pipeline_pb2.Pipeline, "preferred", cell) is meaning
    assert reason(pipeline_pb2.Pipeline, "preferred", "perhaps") == "BOOLEAN_UNREADABLE"


@pytest.mark.parametrize("cell", ["MODE_UPDATE", "update", " Update "])
def test_a_value_of_a_list_has_its_long_or_its_short_name(cell):
    found = read(import_job_pb2.ImportJob, "mode", cell)
    assert found == import_job_pb2.ImportJob.MODE_UPDATE


def test_another_value_is_told_what_there_is():
    with pytest.raises(errors.Invalid) as caught:
        read(import_job_pb2.ImportJob, "mode", "merge")
    assert caught.value.reason == "NOT_A_VALUE_OF"
    assert caught.value.metadata == {"allowed": "UPSERT, CREATE, UPDATE"}


def test_cells_that_are_equal_for_python_are_not_the_same():
    """TRUE, 1 and 1.0 are one key of a dictionary, and several texts."""
    texts = reading(Organization, "name")
    assert [texts.value(cell) for cell in (Decimal(1), True, "1")] == ["1", "true", "1"]
    amounts = reading(Opportunity, "amount")
    written = [amounts.value(cell).amount for cell in (Decimal("1.0"), Decimal("1.00"))]
    assert [Decimal(amount) for amount in written] == [1, 1]


def test_a_double():
    assert read(import_job_pb2.ImportJob, "progress", "0.25") == 0.25


def test_only_numbers_dates_and_times_ask_what_their_column_does():
    fields = Organization.DESCRIPTOR.fields_by_name
    wanting = {n for n in ("name", "roles", "employee_count", "annual_revenue", "create_time")
               if wants_profile(fields[n])}  # fmt: skip
    assert wanting == {"employee_count", "annual_revenue", "create_time"}


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (import_step_pb2.ImportStep, "effects"),
        (import_job_pb2.ImportEffects, "waiting_lines"),
    ],
)
def test_what_a_cell_cannot_hold(message, name):
    with pytest.raises(errors.Invalid) as caught:
        refuse_unreadable(message.DESCRIPTOR.fields_by_name[name])
    assert (caught.value.reason, caught.value.metadata) == ("MAP_FIELD_NOT_A_CELL", {"field": name})


def test_what_has_parts_is_read_as_an_export_writes_it():
    """PLT-20: messages as JSON, several texts between semicolons or as JSON."""
    pipeline = pipeline_pb2.Pipeline
    [won] = read(pipeline, "stages", '[{"key":"won","name":"赢单","probability":100}]')
    assert (won.key, won.name, won.probability) == ("won", "赢单", 100)
    for text in ("won", '[{"colour": 1}]', "{", "7"):
        with pytest.raises(errors.Invalid) as caught:
            read(pipeline, "stages", text)
        assert caught.value.reason == "JSON_UNREADABLE"
        assert caught.value.metadata == {"given": text, "field": "stages"}


def test_a_text_keeps_its_spaces_where_they_belong_to_it():
    name = Organization.DESCRIPTOR.fields_by_name["name"]
    kept = Reading(name, SHANGHAI, "CNY", UNDECIDED, spaces=True)
    assert (read(Organization, "name", " a "), kept.value(" a ")) == ("a", " a ")


@pytest.mark.parametrize(
    ("texts", "cell"),
    [
        (["customer", "partner"], "customer; partner"),
        (["a;b"], '["a;b"]'),
        ([" a"], '[" a"]'),
        (["a", ""], '["a",""]'),
        (["[]"], '["[]"]'),
        (["[a", "b"], "[a; b"),
        (["王；李"], "王；李"),
        ([], ""),
    ],
)
def test_several_texts_in_a_cell_are_those_that_were_written(texts, cell):
    assert joined(texts) == cell
    assert parted(cell) == texts
