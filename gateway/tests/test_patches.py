"""A PATCH changes what its body mentions, and nothing else."""

import pytest

PATH = "/v1/sources/a"


async def mask_of(http, behind, body, query="") -> list[str]:
    answer = await http.patch(PATH + query, json=body)
    assert answer.status_code == 200, answer.text
    return list(behind.request.update_mask.paths)


async def test_what_the_body_mentions_is_changed(http, behind):
    body = {"name": "b", "externalId": "7", "owner_user_id": "u"}
    assert await mask_of(http, behind, body) == ["name", "external_id", "owner_user_id"]
    assert behind.request.source.name == "b"


@pytest.mark.parametrize(("field", "value"), [("retired", False), ("note", "")])
async def test_a_default_value_is_changed_to_as_any_other(http, behind, field, value):
    assert await mask_of(http, behind, {field: value}) == [field]
    assert getattr(behind.request.source, field) == value


async def test_null_clears_a_field(http, behind):
    assert await mask_of(http, behind, {"kind": None, "deleteTime": None, "name": "b"}) == [
        "kind",
        "delete_time",
        "name",
    ]
    assert behind.request.source.kind == ""
    assert not behind.request.source.HasField("delete_time")


@pytest.mark.parametrize("body", [{}, {"id": "a"}, {"etag": "3"}, {"id": None, "etag": None}])
async def test_a_body_that_mentions_no_field_changes_nothing(http, behind, body):
    assert await mask_of(http, behind, body) == ["etag"]


async def test_the_id_and_the_etag_are_no_changes(http, behind):
    assert await mask_of(http, behind, {"id": "a", "etag": "3", "name": "b"}) == ["name"]
    assert behind.request.source.etag == "3"


@pytest.mark.parametrize("name", ["updateMask", "update_mask"])
async def test_a_mask_that_is_given_counts(http, behind, name):
    body = {"name": "b", "note": "c"}
    assert await mask_of(http, behind, body, f"?{name}=name,externalId") == ["name", "external_id"]


async def test_null_clears_what_a_given_mask_names(http, behind):
    assert await mask_of(http, behind, {"note": None}, "?updateMask=note") == ["note"]
    assert behind.request.source.note == ""


async def test_an_unknown_field_is_refused_even_when_null(http, behind):
    answer = await http.patch(PATH, json={"colour": None, "name": "b"})
    assert answer.status_code == 400
    [violation] = answer.json()["violations"]
    assert (violation["path"], violation["reason"]) == ("source.colour", "UNKNOWN_FIELD")
    assert behind.calls == []
