"""Columns of an export: headings that go back in, and values as people read them (PLT-20)."""

import datetime
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from banyan.documents.v1 import document_pb2, document_version_pb2, export_job_pb2, import_job_pb2
from banyan.identity.v1 import user_pb2
from banyan.party.v1 import contact_pb2, organization_pb2
from banyan.sales.v1 import opportunity_pb2, pipeline_pb2

from chassis.resources import Noun
from documents.exports.columns import columns_of, is_path

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
_Opportunity = opportunity_pb2.Opportunity
DEALS = Noun(_Opportunity)
USERS = "identity.banyan/User"


def headings(noun: Noun, *paths: str) -> list[str]:
    return [column.path for column in columns_of(noun, paths, datetime.UTC)]


def told(record: Any, *paths: str, zone: datetime.tzinfo = datetime.UTC) -> list[Any]:
    return [column.value(record, {}) for column in columns_of(Noun(type(record)), paths, zone)]


def test_without_columns_there_are_all_fields_in_the_order_of_the_contract_and_no_titles():
    found = headings(DEALS)
    fields = [
        f.json_name for f in DEALS.fields.values() if not DEALS.field_options(f.name).title_of
    ]
    assert [heading for heading in found if "." not in heading] == fields
    assert found[:3] == ["id", "externalId", "etag"]
    assert "organizationId" in found
    assert "organizationName" not in found


def test_money_has_two_columns_and_the_second_is_its_path():
    assert headings(DEALS, "amount") == ["amount", "amount.currencyCode"]
    record = _Opportunity(amount={"currency_code": "CNY", "amount": "1134672.50"})
    assert told(record, "amount") == [Decimal("1134672.50"), "CNY"]
    assert told(_Opportunity(), "amount") == [None, None]
    assert told(record, "amount.currencyCode", "amount.amount") == ["CNY", Decimal("1134672.50")]


def test_columns_stand_in_the_order_in_which_they_are_named_in_either_spelling():
    found = headings(DEALS, "close_date", "name", "externalId")
    assert found == ["closeDate", "name", "externalId"]


def test_what_a_reference_names_is_told_by_its_key_and_title():
    found = headings(DEALS)
    place = found.index("organizationId")
    assert found[place : place + 3] == [
        *("organizationId", "organizationId.externalId", "organizationId.name"),
    ]
    assert len(set(found)) == len(found)


def test_a_column_behind_a_reference_is_read_from_the_record_it_names():
    [column] = columns_of(DEALS, ["owner_user_id.displayName"], datetime.UTC)
    assert (column.path, column.own.name, column.kind) == (
        *("ownerUserId.displayName", "owner_user_id", USERS),
    )
    record = _Opportunity(owner_user_id="u1")
    assert column.targets(record) == ["u1"]
    assert column.value(record, {(USERS, "u1"): user_pb2.User(display_name="Li Na")}) == "Li Na"
    assert column.value(record, {(USERS, "u1"): None}) is None
    assert column.value(_Opportunity(), {}) is None


def test_several_values_are_joined():
    firm = organization_pb2.Organization(roles=["customer", "partner"])
    assert told(firm, "roles") == ["customer; partner"]
    person = contact_pb2.Contact(functions=["sales", "采购"])
    assert told(person, "functions") == ["sales; 采购"]
    assert told(contact_pb2.Contact(), "functions") == [""]


def test_enums_are_told_by_their_short_names():
    assert told(_Opportunity(kind=_Opportunity.KIND_STRATEGY), "kind") == ["STRATEGY"]
    assert told(_Opportunity(), "kind") == [None]


def test_dates_are_dates_and_instants_are_told_in_the_zone_of_the_firm():
    record = _Opportunity(close_date={"year": 2017, "month": 3, "day": 1})
    record.create_time.FromJsonString("2026-03-01T18:30:00.123456Z")
    assert told(record, "closeDate", "createTime", zone=SHANGHAI) == [
        datetime.date(2017, 3, 1),
        datetime.datetime(2026, 3, 2, 2, 30, 0, 123456, SHANGHAI),
    ]
    assert told(_Opportunity(), "closeDate", "createTime") == [None, None]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_first_and_the_last_instant_are_told(text):
    record = _Opportunity()
    record.create_time.FromJsonString(text)
    for zone in (SHANGHAI, zoneinfo.ZoneInfo("America/New_York")):
        [found] = told(record, "createTime", zone=zone)
        assert found == datetime.datetime.fromisoformat(text)


def test_numbers_truths_and_texts_are_what_they_are():
    job = export_job_pb2.ExportJob(row_count=2**53 + 1, progress=0.1)
    assert told(job, "rowCount", "progress", "filter") == [2**53 + 1, Decimal("0.1"), ""]
    assert told(import_job_pb2.ImportJob(dry_run=True), "dryRun") == [True]
    assert told(export_job_pb2.ExportJob(progress=float("nan")), "progress") == ["nan"]


def test_what_has_parts_is_told_as_json():
    pipeline = pipeline_pb2.Pipeline()
    pipeline.stages.add(key="won", name="Won", outcome=2)
    [stages] = told(pipeline, "stages")
    assert stages == '[{"key":"won","name":"Won","outcome":"WON"}]'
    assert told(pipeline_pb2.Pipeline(), "stages") == [None]
    job = import_job_pb2.ImportJob(files=[{"name": "a.csv", "document_id": "d"}])
    assert told(job, "files") == ['[{"name":"a.csv","documentId":"d"}]']


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("name", True),
        ("externalId", True),
        ("external_id", True),
        ("amount.currencyCode", True),
        ("amount.currency_code", True),
        ("colour", False),
        ("", False),
        ("name.first", False),
        ("amount.colour", False),
        ("amount.", False),
        ("closeDate.year", True),
        ("organizationId.name", True),
        ("organizationId.annualRevenue.currencyCode", True),
        ("organizationId.colour", False),
        ("organizationId.parentOrganizationId.name", False),
    ],
)
def test_a_path_leads_to_a_field_or_nowhere(path, is_one):
    assert is_path(path, DEALS) is is_one


@pytest.mark.parametrize(
    "message",
    [
        *(document_pb2.Document, document_version_pb2.DocumentVersion, user_pb2.User),
        *(import_job_pb2.ImportJob, contact_pb2.Contact, pipeline_pb2.Pipeline, _Opportunity),
    ],
)
def test_an_empty_record_has_a_value_in_every_column(message):
    for column in columns_of(Noun(message), [], datetime.UTC):
        assert column.value(message(), {}) in (None, "", 0, False)
