"""Reasons are read from the sources, nouns and enums from descriptors; labels have them all."""

from typing import Any

import pytest
from google.api import resource_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from house import File
from house.labels import HEADER, Contract, load_contract, missing_labels
from house.reasons import misshaped_reasons, raised_reasons

CLASSES = {"Conflict", "Forbidden", "Invalid"}
SOURCE = "services/party/src/party/source.py"


def reasons(text: str, path: str = SOURCE) -> set[str]:
    """Give the reasons a source raises."""
    return {reason for _, reason in raised_reasons(File(path, text), CLASSES)}


@pytest.mark.parametrize(
    "text",
    [
        'from chassis import errors\nraise errors.Conflict("FOUND", key=1)',
        'from chassis import errors as e\nraise e.Conflict("FOUND")',
        'from chassis.errors import Conflict\nraise Conflict("FOUND")',
        'from chassis.errors import Conflict as C\nraise C(reason="FOUND")',
        'from chassis.errors import invalid_field\ninvalid_field("a.b", "FOUND")',
        'from chassis import errors\nerrors.invalid_field("a.b", "FOUND", x="NOT_THIS")',
        'from chassis import errors\nerrors.FieldViolation("a", reason="FOUND")',
        'from chassis.json.refusal import Refused\nRefused.one("FOUND")',
        'from chassis.json.refusal import Refused\nRefused([("a", "FOUND", {})])',
        'from chassis import errors\nr = "FOUND"\nraise errors.Conflict(r)',
    ],
)
def test_reads_every_form_of_a_reason(text: str) -> None:
    assert reasons(text) == {"FOUND"}


def test_reads_both_arms() -> None:
    text = 'from chassis import errors\nraise errors.Invalid("ONE" if a else "TWO")'
    assert reasons(text) == {"ONE", "TWO"}


@pytest.mark.parametrize(
    "text",
    [
        'from nats import errors\nraise errors.Conflict("OTHER")',
        'import nats\nraise nats.errors.Conflict("OTHER")',
        'class Conflict(Exception): ...\nraise Conflict("OTHER")',
        'from chassis import errors\nerrors.from_status("OTHER")',
        'pair = ("a", "OTHER", {})',
    ],
)
def test_leaves_other_errors_alone(text: str) -> None:
    assert reasons(text) == set()


def test_tests_raise_what_they_like() -> None:
    text = 'from chassis.errors import Conflict\nraise Conflict("FOUND")'
    assert reasons(text, "services/party/tests/rules/test_a.py") == set()


def test_a_reason_is_upper_snake() -> None:
    text = 'from chassis import errors\nraise errors.Conflict("Not so")\nerrors.Conflict("SO_2")'
    found = list(misshaped_reasons(File(SOURCE, text), CLASSES))
    assert [(finding.line, "Not so" in finding.text) for finding in found] == [(2, True)]


def lead_contract() -> Contract:
    """Give a contract with one noun, one plain message and two enums."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="lead.proto", package="banyan.sales.v1", syntax="proto3"
    )
    lead = file.message_type.add(name="Lead")
    extensions: Any = lead.options.Extensions  # the stubs of googleapis do not type them
    extensions[resource_pb2.resource].type = "sales.banyan/Lead"
    for number, name in enumerate(("id", "etag", "name", "city"), 1):
        lead.field.add(name=name, number=number, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    stage = lead.enum_type.add(name="Stage")
    for number, name in enumerate(("STAGE_UNSPECIFIED", "STAGE_NEW", "STAGE_WON")):
        stage.value.add(name=name, number=number)
    request = file.message_type.add(name="GetLeadRequest")
    request.field.add(name="key", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    known = descriptor_pool.DescriptorPool()
    known.Add(file)
    return Contract((known.FindFileByName("lead.proto"),), frozenset(CLASSES))


def labels_files(english: str, chinese: str) -> list[File]:
    """Give the two label files and a source that raises TAKEN."""
    source = 'from chassis import errors\nraise errors.Conflict("TAKEN")'
    header = "fields:\n  _header: {" + ", ".join(f"{name}: x" for name in HEADER) + "}\n"
    return [
        File(SOURCE, source),
        File("protos/labels/en.yaml", header + english),
        File("protos/labels/zh-CN.yaml", header + chinese),
    ]


COMPLETE = """
  sales.Lead: {name: n, city: c}
nouns: {sales.Lead: {one: lead, many: leads}}
enums: {banyan.sales.v1.Lead.Stage: {NEW: new, WON: won}}
reasons: {TAKEN: taken}
"""


def test_complete_labels_pass() -> None:
    assert list(missing_labels(labels_files(COMPLETE, COMPLETE), lead_contract())) == []


def test_findings_are_exactly_the_missing_keys() -> None:
    chinese = "nouns: {sales.Lead: {one: lead, many: ''}}\n"
    found = list(missing_labels(labels_files(COMPLETE, chinese), lead_contract()))
    assert [str(finding) for finding in found] == [
        "protos/labels/zh-CN.yaml: missing enums: banyan.sales.v1.Lead.Stage: NEW, WON",
        "protos/labels/zh-CN.yaml: missing fields: sales.Lead: city, name",
        "protos/labels/zh-CN.yaml: missing nouns: sales.Lead: many",
        "protos/labels/zh-CN.yaml: missing reasons: TAKEN",
    ]


def test_what_one_language_has_the_other_needs() -> None:
    more = COMPLETE + "pages: {home: {title: Home}}\n"
    found = list(missing_labels(labels_files(more, COMPLETE), lead_contract()))
    assert [str(finding) for finding in found] == [
        "protos/labels/zh-CN.yaml: missing pages: home: title"
    ]


def test_the_header_is_named_once() -> None:
    files = [File("protos/labels/en.yaml", "{}"), File("protos/labels/zh-CN.yaml", "")]
    found = list(missing_labels(files, Contract((), frozenset())))
    assert [finding.text for finding in found] == [
        f"missing fields: _header: {', '.join(sorted(HEADER))}"
    ] * 2


def test_the_real_contract_is_read() -> None:
    contract = load_contract()
    names = {file.name for file in contract.files}
    assert "banyan/party/v1/source.proto" in names
    assert {"Invalid", "NotFound"} <= contract.error_classes
    assert not {"FieldViolation", "invalid_field"} & contract.error_classes
