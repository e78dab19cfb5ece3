"""Rows that did not go in come back as a table, to be put right and read again (PLT-18, PLT-19)."""

import csv
import io
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from banyan.documents.v1 import import_job_pb2

from chassis import errors
from chassis.access import Grant, Scope
from documents.imports import refused

_Job = import_job_pb2.ImportJob
HEAD = ["Banyan line", "Banyan reason", "key", "name", "country", "staff", "revenue", "parent"]
GOOD = "a,Alpha,CN,1,1,,"


async def content(firm, document: Any, person: Any = None) -> bytes:
    return (await firm.call("ReadDocumentContent", person, id=document.id)).data


async def given_back(firm, job: Any, person: Any = None) -> Any:
    return await firm.call("WriteRefusedRows", person, id=job.id, file="firms.csv")


def rows_of(data: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[list[str]]:
    text = io.StringIO(data.decode(encoding), newline="")
    return list(csv.reader(text, delimiter=delimiter))


async def again(firm, data: bytes, **fields: Any) -> Any:
    return await firm.start(await firm.job_of(data, **fields))


async def test_what_was_refused_comes_back_with_its_line_and_reason_and_goes_in_once_mended(
    firm, counts
):
    job = await firm.start(await firm.job(GOOD, "b,Beta,CN,many,1,,", 'c,"=1+1",Atlantis,3,1,,'))
    document = await given_back(firm, job)
    assert (document.name, document.media_type) == ("firms.csv", "text/csv")
    assert document.owner_user_id == firm.boss.user_id
    data = await content(firm, document)
    head, beta, gamma = rows_of(data)
    assert head == [*HEAD, "person"]
    assert beta[0] == "3"
    assert beta[1] == 'staff: "many" is not a number. Write it like 1234.56.'
    assert beta[2:] == ["b", "Beta", "CN", "many", "1", "", ""]
    assert (gamma[0], gamma[3]) == ("4", "'=1+1")  # a spreadsheet runs nothing
    mended = data.replace(b"many", b"2").replace(b"Atlantis", b"DE")
    second = await again(firm, mended)
    assert await firm.problems(second) == []
    assert counts(second)["party.Organization"] == (2, 0, 0)
    assert (await firm.firms())["c"].name == "=1+1"


async def test_what_is_refused_again_comes_back_as_it_was_given(firm):
    """The two columns of the first time are not doubled."""
    job = await firm.start(await firm.job("b,Beta,CN,many,1,,"))
    data = await content(firm, await given_back(firm, job))
    second = await again(firm, data)
    assert await content(firm, await given_back(firm, second)) == data


async def test_a_file_that_went_in_comes_back_with_its_headings_alone(firm, counts):
    job = await firm.start(await firm.job(GOOD))
    data = await content(firm, await given_back(firm, job))
    assert rows_of(data) == [[*HEAD, "person"]]
    second = await again(firm, data)
    assert (second.status, counts(second)) == (_Job.STATUS_DONE, {})


async def test_rows_with_too_few_or_too_many_cells_come_back_as_they_are(firm):
    job = await firm.start(await firm.job(GOOD, "b,Beta", "c,Gamma,CN,1,1,,,beyond"))
    data = await content(firm, await given_back(firm, job))
    _, few, many = rows_of(data)
    assert few[2:] == ["b", "Beta"]
    assert many[2:] == ["c", "Gamma", "CN", "1", "1", "", "", "beyond"]
    second = await again(firm, data)
    assert [found[3] for found in await firm.problems(second)] == [
        *("CELLS_MISSING", "CELLS_TOO_MANY"),
    ]


async def test_the_encoding_the_map_tells_is_kept_and_what_it_cannot_say_is_said_by_its_reason(
    firm, monkeypatch
):
    monkeypatch.setattr(refused, "_LINES_AT_ONCE", 1)
    rows = ["key;name;country;staff;revenue;parent;person", "b;Bäcker;DE;viele;1;;", "c;C;DE;y;1;;"]
    hints = "encoding: windows-1252\n    delimiter: ;\n    records:"
    text = (await firm.job(GOOD)).map.replace("records:", hints, 1)
    job = await firm.job_of("\n".join(rows).encode("cp1252"), map=text)
    await firm.call("StartImportJob", id=job.id)
    job = await firm.over(job)
    data = await content(firm, await given_back(firm, job))
    _, baker, other = rows_of(data, "cp1252", ";")
    assert baker[2:5] == ["b", "Bäcker", "DE"]
    assert (baker[0], other[0]) == ("2", "3")
    assert refused._sayable("“viele” 不是数字", "cp1252") == ""


async def test_a_workbook_comes_back_as_a_workbook(firm):
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    for place, row in enumerate(
        (["key", "name", "country", "staff", "revenue", "parent", "person"],
         ["a", "Alpha", "CN", 1, 1.5, "", ""],
         ["b", "=1+1", "CN", "many", 1.25, "", ""])
    ):  # fmt: skip
        for column, value in enumerate(row):
            write = sheet.write_string if isinstance(value, str) else sheet.write_number
            write(place, column, value)
    book.close()
    job = await firm.start(await firm.job_of(target.getvalue()))
    data = await content(firm, await given_back(firm, job))
    found = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    [head, row] = found.to_python()
    assert head == [*HEAD, "person"]
    assert row[0] == 3.0
    assert row[2:7] == ["b", "=1+1", "CN", "many", 1.25]


@pytest.mark.parametrize("status", ["draft", "unknown file"])
async def test_what_was_not_read_has_nothing_to_give_back(firm, status):
    job = await firm.job(GOOD)
    if status != "draft":
        await firm.start(job)
    name = "firms.csv" if status == "draft" else "others.csv"
    with pytest.raises(errors.FailedPrecondition) as caught:
        await firm.call("WriteRefusedRows", id=job.id, file=name)
    wanted = "IMPORT_NOT_READ" if status == "draft" else "FILE_MISSING"
    assert caught.value.reason == wanted


async def test_refused_rows_are_for_those_who_may_read_job_and_file(firm):
    """PLT-16."""
    job = await firm.start(await firm.job("b,Beta,CN,many,1,,"))
    own = [Grant("documents.*", "*", Scope.OWN)]
    stranger = await firm.world.person(firm.tenant_id, own)
    jobs = Grant("documents.ImportJob", "read", Scope.ALL)
    for grants in (own, [*own, jobs]):
        stranger = await firm.world.person(firm.tenant_id, grants)
        with pytest.raises(errors.NotFound):
            await given_back(firm, job, stranger)


async def test_asked_for_once_more_it_is_the_same_document(firm):
    job = await firm.start(await firm.job("b,Beta,CN,many,1,,"))
    fields = {"id": job.id, "file": "firms.csv", "request_id": "once"}
    first = await firm.call("WriteRefusedRows", **fields)
    second = await firm.call("WriteRefusedRows", **fields)
    assert first.id == second.id
    assert await content(firm, first) == await content(firm, second)
