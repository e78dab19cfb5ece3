"""The map of an export, by which an import knows every record again (PLT-20, PLT-19)."""

import datetime

import pytest
import yaml
from banyan.documents.v1 import export_job_pb2
from banyan.party.v1 import organization_pb2

from chassis.resources import Noun
from chassis.resources.kinds import nouns
from documents.exports.columns import columns_of
from documents.exports.headings import headings_of
from documents.exports.maps import importable, map_of
from documents.imports.mapping import read_map
from documents.nouns import method_of

_Job = export_job_pb2.ExportJob
FIRMS = Noun(organization_pb2.Organization)
LISTED = [noun for noun in nouns().values() if method_of(noun, "List") is not None]
MAP_BYTES_MAX = 500_000


def told(noun: Noun, *paths: str, **fields: int) -> str:
    job = _Job(**{"format": _Job.FORMAT_CSV, "encoding": _Job.ENCODING_UTF8_BOM} | fields)
    columns = columns_of(noun, paths, datetime.UTC)
    headings = headings_of(noun, columns, job.headings)
    assert len(set(headings)) == len(headings)
    return map_of(job, noun, columns, headings, "firms.csv")


def test_a_map_says_what_the_file_is_and_what_its_columns_fill():
    paths = ["id", "etag", "name", "annualRevenue", "parentOrganizationId"]
    paths += ["parentOrganizationId.externalId", "parentOrganizationId.name", "ownerUserId"]
    assert yaml.safe_load(told(FIRMS, *paths, headings=_Job.HEADINGS_CHINESE)) == {
        "files": [
            {
                "file": "firms.csv",
                "encoding": "utf-8-sig",
                "delimiter": ",",
                "dates": "YEAR_FIRST",
                "numbers": "POINT",
                "spaces": "KEEP",
                "headings": {
                    "编号": "id",
                    "版本": "etag",
                    "名称": "name",
                    "年营收": "annualRevenue",
                    "年营收 / currencyCode": "annualRevenue.currencyCode",
                    "上级组织": "parentOrganizationId",
                    "上级组织 / 外部编号": "parentOrganizationId.externalId",
                    "上级组织 / 名称": "parentOrganizationId.name",
                    "负责人": "ownerUserId",
                },
                "records": [
                    {
                        "noun": "party.Organization",
                        "key": {"id": "{id}"},
                        "fields": {
                            "name": "{name}",
                            "annualRevenue": {
                                "value": "{annualRevenue}",
                                "currency": "{annualRevenue.currencyCode}",
                            },
                            "parentOrganizationId": {
                                "first": [
                                    {
                                        "find": "party.Organization",
                                        "externalId": "{parentOrganizationId.externalId}",
                                    },
                                    "{parentOrganizationId}",
                                    {
                                        "find": "party.Organization",
                                        "name": "{parentOrganizationId.name}",
                                    },
                                ]
                            },
                            "ownerUserId": "{ownerUserId}",
                        },
                    }
                ],
            }
        ]
    }


def test_a_workbook_needs_no_encoding():
    (file,) = yaml.safe_load(told(FIRMS, "id", format=_Job.FORMAT_XLSX))["files"]
    assert "encoding" not in file
    assert "delimiter" not in file
    assert "headings" not in file


@pytest.mark.parametrize(
    ("paths", "key"),
    [
        (["name", "externalId", "id"], {"id": "{id}"}),
        (["name", "externalId"], {"externalId": "{externalId}"}),
    ],
)
def test_records_are_known_by_the_surest_that_is_there(paths, key):
    assert yaml.safe_load(told(FIRMS, *paths))["files"][0]["records"][0]["key"] == key


def test_without_what_knows_a_record_there_is_no_map():
    assert told(FIRMS, "name") == ""


@pytest.mark.parametrize("headings", _Job.Headings.values()[1:])
def test_every_noun_comes_out_with_a_map_that_imports_can_read(headings):
    """A new noun can be exported and brought back the day it is born."""
    total = 0
    for noun in LISTED:
        text = told(noun, headings=headings)
        assert bool(text) == (importable(noun.name) is not None), noun.name
        if text:
            (file,) = read_map(text).files
            names = {column.path for column in columns_of(noun, [], datetime.UTC)}
            assert file.columns <= names, noun.name
            total += len(text.encode())
    assert 0 < total < MAP_BYTES_MAX  # of all of them together
