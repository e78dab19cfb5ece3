"""Content comes in parts and any part can be lost, repeated or overtaken (PLT-21)."""

import asyncio
import hashlib
from typing import Any

import pytest
from banyan.documents.v1 import document_version_pb2

from chassis import errors
from chassis.access import Grant, Scope
from documents import parts

_Version = document_version_pb2.DocumentVersion
MEBIBYTE = 1024 * 1024


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
async def document(firm) -> Any:
    record = {"name": "offer.pdf", "media_type": "application/pdf"}
    return await firm.call("CreateDocument", document=record)


@pytest.fixture
def write(firm, document):
    async def write(offset: int, data: bytes = b"", **more: Any) -> Any:
        return await firm.call(
            "WriteDocumentContent", id=document.id, offset=offset, data=data, **more
        )

    return write


@pytest.fixture
def read(firm, document):
    async def read(**more: Any) -> Any:
        return await firm.call("ReadDocumentContent", id=document.id, **more)

    return read


async def refusal(attempt) -> tuple[str, dict[str, str]]:
    with pytest.raises(errors.Error) as caught:
        await attempt
    if caught.value.violations:
        return caught.value.violations[0].reason, caught.value.violations[0].metadata
    return caught.value.reason, caught.value.metadata


async def rows_of(firm, document) -> list[tuple[str, int]]:
    """Give the versions of a document, finished or not, each with how many objects it named."""
    return [
        (row[0], row[1])
        for row in await firm.here.database.read(
            firm.tenant_id,
            "SELECT id::text, objects_named FROM documents.document_version"
            " WHERE document_id = $1 ORDER BY id",
            document.id,
        )
    ]


async def objects_of(firm, version_id: str, named: int) -> list[int]:
    found = []
    for number in range(1, named + 1):
        try:
            await firm.here.objects.get(parts.object_name(firm.tenant_id, version_id, number))
        except errors.NotFound:
            continue
        found.append(number)
    return found


async def test_parts_become_a_version_that_is_read_from_anywhere(firm, document, write, read):
    data = b"abcdefghij"
    assert (await write(0, data[:4])).offset == 4
    assert (await write(4, data[4:5])).offset == 5
    assert (await firm.call("GetDocument", id=document.id)).current_version == 0
    done = await write(5, data[5:], finish=True, sha256=digest(data))
    assert (done.offset, done.document.etag) == (10, "2")
    assert (done.document.current_version, done.document.size) == (1, 10)
    assert done.document.sha256 == digest(data)
    assert await firm.call("GetDocument", id=document.id) == done.document
    for offset in range(12):
        for size in range(1, 12):
            reply = await read(offset=offset, size=size)
            assert reply.data == data[offset : offset + size], (offset, size)
    assert (reply.total_size, reply.media_type, reply.name) == (10, "application/pdf", "offer.pdf")
    assert (reply.version_number, reply.etag) == (1, digest(data))


async def test_a_stretch_costs_the_parts_it_lies_in(write, read, firm, monkeypatch):
    for place in range(5):
        await write(place * 10, bytes([place]) * 10, finish=place == 4)
    original, asked = type(firm.here.objects).get, []

    async def counting(self, name):
        asked.append(name.rpartition("/")[2])
        return await original(self, name)

    monkeypatch.setattr(type(firm.here.objects), "get", counting)
    assert (await read(offset=25, size=10)).data == b"\2" * 5 + b"\3" * 5
    assert asked == ["3", "4"]


async def test_a_part_of_four_mebibytes_goes_and_comes_whole(write, read):
    data = bytes(range(256)) * (4 * MEBIBYTE // 256)
    await write(0, data)
    await write(4 * MEBIBYTE, b"end", finish=True, sha256=digest(data + b"end"))
    assert (await read()).data == data
    assert (await read(offset=4 * MEBIBYTE)).data == b"end"
    assert (await refusal(write(0, data + b"x")))[0] == "BYTES_MAX_LEN"


async def test_a_wrong_offset_is_told_where_to_go_on(write, read):
    assert await refusal(write(3, b"x")) == ("WRONG_OFFSET", {"given": "3", "wanted": "0"})
    await write(0, b"abc")
    assert await refusal(write(5, b"x")) == ("WRONG_OFFSET", {"given": "5", "wanted": "3"})
    assert await refusal(write(1, b"x")) == ("WRONG_OFFSET", {"given": "1", "wanted": "3"})
    await write(3, b"def", finish=True)
    assert (await read()).data == b"abcdef"


async def test_every_version_stays_readable_and_is_listed(firm, document, write, read):
    for text in (b"first", b"second"):
        await write(0, text, finish=True)
    assert (await read()).data == b"second"
    assert (await read(version_number=1)).data == b"first"
    assert (await refusal(read(version_number=3)))[0] == "CONTENT_NOT_FOUND"
    listed = await firm.call(
        "ListDocumentVersions", filter=f'document_id = "{document.id}"', order_by="number"
    )
    found = [(v.number, v.size, v.sha256, v.media_type) for v in listed.document_versions]
    assert found == [
        (1, 5, digest(b"first"), "application/pdf"),
        (2, 6, digest(b"second"), "application/pdf"),
    ]
    assert {v.creator_user_id for v in listed.document_versions} == {firm.boss.user_id}


async def test_a_document_may_be_empty_and_one_without_content_has_none(write, read):
    assert (await refusal(read()))[0] == "CONTENT_NOT_FOUND"
    done = await write(0, finish=True, sha256=digest(b""))
    assert (done.document.current_version, done.document.size) == (1, 0)
    assert ((await read()).data, (await read()).total_size) == (b"", 0)


async def test_content_that_differs_from_its_digest_is_no_version(firm, document, write, read):
    await write(0, b"abc")
    refused = await refusal(write(3, b"def", finish=True, sha256=digest(b"abcdeX")))
    assert refused == ("CONTENT_DIFFERS", {"found": digest(b"abcdef")})
    assert await rows_of(firm, document) == []
    assert (await refusal(write(6, b"g")))[1]["wanted"] == "0"
    await write(0, b"abcdeX", finish=True, sha256=digest(b"abcdeX"))
    assert (await read()).data == b"abcdeX"


async def test_the_last_part_may_be_sent_again_when_its_answer_was_lost(write, read):
    await write(0, b"abc")
    first = await write(3, b"def", finish=True, sha256=digest(b"abcdef"))
    again = await write(3, b"def", finish=True, sha256=digest(b"abcdef"))
    assert again == first
    assert (await read()).version_number == 1


async def test_an_upload_that_begins_anew_takes_the_place_of_the_one_before(
    firm, document, write, read
):
    await write(0, b"abc")
    await write(3, b"def")
    [(old, named)] = await rows_of(firm, document)
    await write(0, b"xyz")
    assert await objects_of(firm, old, named) == []
    await write(3, b"!", finish=True)
    assert (await read()).data == b"xyz!"
    assert len(await rows_of(firm, document)) == 1


async def test_of_two_who_write_the_same_place_one_is_refused_and_leaves_nothing(
    firm, document, write, read, monkeypatch
):
    """The slower one writes its bytes last; they must not stand in for those of the faster."""
    await write(0, b"abc")
    original, there, go_on = type(firm.here.objects).put, asyncio.Event(), asyncio.Event()

    async def slow(self, name, data):
        if data == b"slow":
            there.set()
            await go_on.wait()
        await original(self, name, data)

    monkeypatch.setattr(type(firm.here.objects), "put", slow)
    slower = asyncio.create_task(refusal(write(3, b"slow")))
    await asyncio.wait_for(there.wait(), 10)
    await write(3, b"fast")
    go_on.set()
    assert await slower == ("WRONG_OFFSET", {"given": "3", "wanted": "7"})
    [(version, named)] = await rows_of(firm, document)
    assert await objects_of(firm, version, named) == [1, 3]
    await write(7, finish=True, sha256=digest(b"abcfast"))
    assert (await read()).data == b"abcfast"


async def test_of_two_who_begin_at_once_one_goes_on(document, write, read):
    outcomes = await asyncio.gather(
        *(write(0, text) for text in (b"a", b"b", b"c")), return_exceptions=True
    )
    refused = [o for o in outcomes if isinstance(o, errors.Conflict)]
    assert len(refused) < 3
    assert all(not isinstance(o, Exception) or o in refused for o in outcomes)
    await write(1, b"!", finish=True)
    assert (await read()).data in (b"a!", b"b!", b"c!")


async def test_what_was_changed_meanwhile_does_not_hold_up_the_last_part(
    firm, document, write, monkeypatch
):
    original = parts.digest

    async def renaming(*args):
        patch = {"id": document.id, "name": "renamed.pdf"}
        await firm.call("UpdateDocument", document=patch, update_mask={"paths": ["name"]})
        return await original(*args)

    monkeypatch.setattr(parts, "digest", renaming)
    done = (await write(0, b"abc", finish=True)).document
    assert (done.name, done.current_version, done.etag) == ("renamed.pdf", 1, "3")


async def test_nothing_comes_to_a_deleted_document(firm, document, write, read):
    await write(0, b"abc", finish=True)
    await firm.call("DeleteDocument", id=document.id)
    assert (await refusal(write(0, b"x", finish=True)))[0] == "RECORD_DELETED"
    await firm.call("UndeleteDocument", id=document.id)
    assert (await read()).data == b"abc"


async def test_an_upload_that_rests_for_a_day_is_removed_and_a_version_is_not(
    firm, document, write, read
):
    await write(0, b"abc", finish=True)
    await write(0, b"def")
    [(finished, _), (unfinished, named)] = await rows_of(firm, document)
    due = await firm.here.database.read(
        firm.tenant_id,
        "SELECT key, due_time - now() > interval '23 hours' FROM documents.timer"
        " WHERE kind = $1 ORDER BY key",
        parts.UNFINISHED,
    )
    assert [tuple(row) for row in due] == [(finished, True), (unfinished, True)]
    await firm.as_owner(
        "UPDATE documents.timer SET due_time = now() WHERE tenant_id = $1", firm.tenant_id
    )
    async with asyncio.timeout(20):
        while len(await rows_of(firm, document)) > 1:
            await asyncio.sleep(0.02)
    assert await objects_of(firm, unfinished, named) == []
    assert (await read()).data == b"abc"
    assert await refusal(write(3, b"x")) == ("WRONG_OFFSET", {"given": "3", "wanted": "0"})


async def test_a_version_that_was_finished_meanwhile_is_not_removed(firm, document, write, read):
    await write(0, b"abc", finish=True)
    [(version, named)] = await rows_of(firm, document)
    async with firm.here.database.transaction(firm.tenant_id) as transaction:
        await parts.forget(firm.here, version, transaction)
    assert await objects_of(firm, version, named) == [1]
    assert (await read()).data == b"abc"


async def test_content_is_for_those_who_may_read_or_change_the_document(firm, document, write):
    await write(0, b"abc", finish=True)
    others = [Grant("documents.*", "*", Scope.OWN)]
    stranger = await firm.world.person(firm.tenant_id, others)
    reader = await firm.world.person(
        firm.tenant_id, [Grant("documents.Document", "read", Scope.ALL)]
    )
    content = {"id": document.id, "data": b"x", "finish": True}
    for attempt in (
        firm.call("ReadDocumentContent", stranger, id=document.id),
        firm.call("WriteDocumentContent", stranger, **content),
    ):
        assert (await refusal(attempt))[0] == "NOT_FOUND"
    assert (await firm.call("ReadDocumentContent", reader, id=document.id)).data == b"abc"
    assert (await refusal(firm.call("WriteDocumentContent", reader, **content)))[0] == (
        "PERMISSION_DENIED"
    )


async def test_a_record_shows_its_documents(firm, document):
    one = await firm.call("CreateOrganization", organization={"name": "One"})
    two = await firm.call("CreateSource", source={"name": "Fair"})
    target, other = f"organizations/{one.id}", f"sources/{two.id}"
    for name in (target, other):
        link = {"document_id": document.id, "target": name}
        made = await firm.call("CreateDocumentLink", document_link=link)
    found = await firm.call("ListDocumentLinks", filter=f'target = "{target}"')
    [link] = found.document_links
    assert (link.document_id, link.document_name) == (document.id, "offer.pdf")
    await firm.call("DeleteDocumentLink", id=made.id)
    assert not (await firm.call("ListDocumentLinks", filter=f'target = "{other}"')).document_links


async def test_a_link_names_a_record_that_is_there_for_whoever_makes_it(firm, document):
    """PLT-16, PLT-21: what is not there, not any more, or not for them, is not there."""
    theirs = await firm.call("CreateOrganization", organization={"name": "Theirs"})
    gone = await firm.call("CreateOrganization", organization={"name": "Gone"})
    await firm.call("DeleteOrganization", id=gone.id)
    rights = [
        Grant("documents.*", "*", Scope.ALL),
        Grant("party.Organization", "*", Scope.OWN),
    ]
    seller = await firm.world.person(firm.tenant_id, rights)
    mine = await firm.call("CreateOrganization", seller, organization={"name": "Mine"})
    for target in (
        f"organizations/{theirs.id}",
        f"organizations/{gone.id}",
        f"contacts/{mine.id}",
        f"documents/{mine.id}",
    ):
        link = {"document_id": document.id, "target": target}
        with pytest.raises(errors.Invalid) as caught:
            await firm.call("CreateDocumentLink", seller, document_link=link)
        [wrong] = caught.value.violations
        assert (wrong.path, wrong.reason) == ("document_link.target", "REFERENCE_NOT_FOUND")
    for name in (f"organizations/{mine.id}", f"documents/{document.id}"):
        link = {"document_id": document.id, "target": name}
        made = await firm.call("CreateDocumentLink", seller, document_link=link)
        assert made.target == name


async def test_a_link_to_what_no_record_is_is_refused(firm, document):
    target = "unicorns/01a20d32-4de6-7520-8019-07d2f3df7846"
    link = {"document_id": document.id, "target": target}
    refused = await refusal(firm.call("CreateDocumentLink", document_link=link))
    assert refused == ("UNKNOWN_COLLECTION", {"found": "unicorns"})
