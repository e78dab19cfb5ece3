"""All definitions of a firm, and how one knows that they changed (PLT-26)."""

from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from studio.definition import definitions


def field(key: str, etag: str = "1", *, deleted: bool = False, **fields: Any) -> Any:
    made = custom_field_pb2.CustomField(key=key, etag=etag, **fields)
    if deleted:
        made.delete_time.GetCurrentTime()
    return made


def picklist(name: str, etag: str = "1", *, deleted: bool = False) -> Any:
    made = picklist_pb2.Picklist(name=name, etag=etag)
    if deleted:
        made.delete_time.GetCurrentTime()
    return made


def test_deleted_definitions_are_not_in_force():
    found = definitions(
        [field("a"), field("b", deleted=True)], [picklist("x", deleted=True), picklist("y")]
    )
    assert [f.key for f in found.custom_fields] == ["a"]
    assert [p.name for p in found.picklists] == ["y"]


def test_fields_stand_by_noun_and_position_and_lists_by_name():
    found = definitions(
        [
            field("c", resource_type="b", position=1),
            field("b", resource_type="b", position=1),
            field("a", resource_type="b", position=2),
            field("d", resource_type="a", position=9),
        ],
        [picklist("y"), picklist("x")],
    )
    assert [f.key for f in found.custom_fields] == ["d", "b", "c", "a"]
    assert [p.name for p in found.picklists] == ["x", "y"]


def test_the_version_is_another_after_every_change_of_any():
    history = [
        ([], []),
        ([field("a")], []),
        ([field("a", "2")], []),
        ([field("a", "2")], [picklist("x")]),
        ([field("a", "2")], [picklist("x", "2")]),
        ([field("a", "3", deleted=True)], [picklist("x", "2")]),
        ([field("a", "3", deleted=True)], [picklist("x", "3", deleted=True)]),
        ([field("a", "3", deleted=True), field("a")], [picklist("x", "3", deleted=True)]),
    ]
    versions = [definitions(fields, lists).version for fields, lists in history]
    assert versions == ["0.0", "1.0", "2.0", "2.1", "2.2", "3.2", "3.3", "4.3"]
