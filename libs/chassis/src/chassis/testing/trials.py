"""The part of the suite about what is only checked: answered as it would be, and never written."""

import uuid
from typing import Any

import pytest
from banyan.api.v1 import batch_pb2

from chassis import errors
from chassis.json.fields import copy_field, is_set, message_name
from chassis.resources.columns import reference_type
from chassis.resources.table import keys_of
from chassis.testing.conformance import Subject, changes_of, check


def said(s: Subject, record: Any) -> Any:
    """Give what a record says, without the instants of its writing and the titles around it."""
    copy = type(record)()
    copy.CopyFrom(record)
    written = s.samples.writable()
    for name, field in s.noun.fields.items():
        is_instant = message_name(field) == "google.protobuf.Timestamp" and name not in written
        if is_instant or s.noun.field_options(name).title_of:
            copy.ClearField(name)
    return copy


async def batch(s: Subject, record: Any, **fields: Any) -> Any:
    """Ask for one record by a batch."""
    return await s.call("BatchCreate", requests=[{s.noun.table_name: record}], **fields)


@check("BatchCreate", "List")
async def a_batch_that_is_only_checked_says_what_it_would_make(s: Subject) -> None:
    record = s.samples.make()
    record.id = str(uuid.uuid4())
    before = {found.id for found in await s.listed()}
    tried = await batch(s, record, validate_only=True, request_id="r")
    assert {found.id for found in await s.listed()} == before
    assert await changes_of(s, record.id) == []
    made = await batch(s, record, request_id="r")
    plural = s.noun.resource.plural
    assert [said(s, r) for r in getattr(tried, plural)] == [
        said(s, r) for r in getattr(made, plural)
    ]
    assert not tried.errors


@check("BatchCreate")
async def a_row_that_is_only_checked_is_refused_as_it_would_be(s: Subject) -> None:
    record = s.samples.make()
    for name in s.samples.referring():
        setattr(record, name, str(uuid.uuid4()))
        tried = await batch(s, record, validate_only=True)
        assert tried.errors
        assert tried.errors == (await batch(s, record)).errors
        record = s.samples.make()


@check("BatchCreate", "Create")
async def a_key_that_is_taken_is_told_without_writing(s: Subject) -> None:
    made = await s.create()
    for key in keys_of(s.noun):
        again = s.samples.make()
        for name in key.columns:
            if name in s.noun.fields and is_set(made, name):
                copy_field(name, made, again)
        tried = await batch(s, again, validate_only=True)
        assert tried.errors == (await batch(s, again)).errors, key
    again = s.samples.make()
    again.id = made.id
    tried = await batch(s, again, validate_only=True)
    assert [wrong.reason for wrong in tried.errors] == ["ALREADY_EXISTS"]
    assert tried.errors == (await batch(s, again)).errors


@check("BatchCreate")
async def a_key_that_an_earlier_row_takes_is_told_without_writing(s: Subject) -> None:
    rows: list[dict[str, Any]] = [{s.noun.table_name: s.samples.make()} for _ in range(3)]
    for row in rows[1:]:
        row[s.noun.table_name].external_id = "the same"
    tried = await s.call("BatchCreate", requests=rows, validate_only=True)
    assert (2, "ALREADY_EXISTS") in [(wrong.row, wrong.reason) for wrong in tried.errors]
    assert tried.errors == (await s.call("BatchCreate", requests=rows)).errors


@check("BatchCreate")
async def what_is_assumed_counts_as_there(s: Subject) -> None:
    for name in s.samples.referring():
        kind = reference_type(s.noun.fields[name])
        record = s.samples.make()
        if not getattr(record, name):  # of a oneof only one is set
            continue
        get = next(method for method in s.world.nouns[kind].rpcs if method.verb == "Get")
        there = await s.world.call(get.path, get.request_type(id=getattr(record, name)), s.admin)
        there.id = str(uuid.uuid4())
        setattr(record, name, there.id)
        given = batch_pb2.AssumedRecord(resource_type=kind, record=there.SerializeToString())
        tried = await batch(s, record, validate_only=True, assumed_records=[given])
        assert not tried.errors, name
        assert (await batch(s, record, assumed_records=[given])).errors, name


@check("BatchCreate")
async def what_is_assumed_must_be_a_record(s: Subject) -> None:
    kind = s.noun.resource.type
    for wrong, reason in (
        (batch_pb2.AssumedRecord(resource_type="nope"), "UNKNOWN_RESOURCE_TYPE"),
        (batch_pb2.AssumedRecord(resource_type=kind, record=b"\xff\xff"), "NOT_A_RECORD"),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await batch(s, s.samples.make(), validate_only=True, assumed_records=[wrong])
        assert [v.reason for v in caught.value.violations] == [reason]


@check("BatchCreate", "Create", "Update", "Get")
async def an_update_that_is_only_checked_says_what_it_would_make(s: Subject) -> None:
    made = await s.create()
    patch, name = s.samples.changed(made)
    asked: dict[str, Any] = {s.noun.table_name: patch, "update_mask": {"paths": [name]}}
    tried = await s.call("Update", **asked, validate_only=True)
    assert await s.call("Get", id=made.id) == made
    assert [change.version for change in await changes_of(s, made.id)] == [1]
    assert said(s, tried) == said(s, await s.call("Update", **asked, request_id="r"))
    patch.etag = "1"
    with pytest.raises(errors.Conflict) as caught:
        await s.call("Update", **asked, request_id="r", validate_only=True)
    assert caught.value.reason == "STALE_ETAG", "an id that stood for a write says nothing of it"
