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


def headings(noun: Noun, *paths: str, with_titles: bool = False) -> list[str]:
    found = columns_of(noun, paths, with_titles=with_titles, zone=datetime.UTC)
    return [column.heading for column in found]


def told(record: Any, *paths: str, zone: datetime.tzinfo = datetime.UTC) -> list[Any]:
    found = columns_of(Noun(type(record)), paths, with_titles=False, zone=zone)
    return [column.value(record, lambda *_: "nobody is asked") for column in found]


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


def test_titles_stand_behind_the_references_they_belong_to():
    found = headings(DEALS, "name", "organizationId", "ownerUserId", with_titles=True)
    assert found == ["name", "organizationId", "organizationName", "ownerUserId", "ownerUserName"]
    chosen = headings(DEALS, "organizationName", "organizationId", with_titles=True)
    assert chosen == ["organizationName", "organizationId"]
    everything = headings(DEALS, with_titles=True)
    assert everything[everything.index("orgUnitId") + 1] == "orgUnitName"
    assert len(set(everything)) == len(everything)


def test_a_title_the_record_says_is_read_and_another_is_looked_up():
    paths = ["organization_id", "owner_user_id"]
    found = columns_of(DEALS, paths, with_titles=True, zone=datetime.UTC)
    assert [c.field for c in found] == [
        *("organization_id", "organization_name", "owner_user_id", "owner_user_id"),
    ]
    assert [c.titles_of for c in found] == ["", "", "", USERS]
    record = _Opportunity(organization_name="Acme", owner_user_id="u1")
    title_of = {(USERS, "u1"): "Li Na"}
    values = [c.value(record, lambda *key: title_of[key]) for c in found]
    assert values == ["", "Acme", "u1", "Li Na"]
    assert found[3].value(_Opportunity(), lambda *key: title_of[key]) == ""


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
    job = export_job_pb2.ExportJob(with_titles=True, row_count=2**53 + 1, progress=0.1)
    found = told(job, "withTitles", "rowCount", "progress", "filter", "showDeleted")
    assert found == [True, 2**53 + 1, Decimal("0.1"), "", False]
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
    ],
)
def test_a_path_leads_to_a_field_or_nowhere(path, is_one):
    assert is_path(path, _Opportunity.DESCRIPTOR) is is_one


@pytest.mark.parametrize(
    "message",
    [
        *(document_pb2.Document, document_version_pb2.DocumentVersion, user_pb2.User),
        *(import_job_pb2.ImportJob, contact_pb2.Contact, pipeline_pb2.Pipeline, _Opportunity),
    ],
)
def test_an_empty_record_has_a_value_in_every_column(message):
    columns = columns_of(Noun(message), [], with_titles=True, zone=datetime.UTC)
    for column in columns:
        assert column.value(message(), lambda *_: "") in (None, "", 0, False)
