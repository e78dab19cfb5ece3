"""Records are written many at once, those first that others refer to (PLT-19)."""

import asyncio
from typing import Any

import pytest
import yaml
from banyan.documents.v1 import import_job_pb2
from banyan.party.v1 import organization_pb2

from chassis import errors
from documents.imports import writing
from documents.imports.mapping import read_map
from documents.imports.rows import Planned
from documents.imports.writing import Writer

FIRMS = read_map(
    yaml.safe_dump(
        {
            "files": [
                {
                    "file": "a.csv",
                    "records": [{"noun": "party.Organization", "key": {"externalId": "{key}"}}],
                }
            ]
        }
    )
).files[0].records[0]  # fmt: skip


def planned(line: int, *, parent: int = 0) -> Planned:
    needs = frozenset({f"id-{parent}"} if parent else ())
    message = organization_pb2.Organization(id=f"id-{line}")
    return Planned(FIRMS, line, message, (), None, False, needs, {})


class Service:
    """Answers when it is told to; remembers what was asked."""

    def __init__(self, *, fails: str = "") -> None:
        self.fails, self.asked, self.ended = fails, list[list[str]](), list[list[str]]()
        self.at_once = self.most = 0
        self.begun = list[str]()

    async def ask(self, method: Any, request: Any) -> Any:
        ids = [row.organization.id for row in request.requests]
        self.asked.append(ids)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        for _ in range(3 if self.fails in ids else 5):
            await asyncio.sleep(0)
        self.at_once -= 1
        if self.fails in ids:
            raise errors.Unavailable("SERVICE_UNAVAILABLE")
        self.ended.append(ids)
        return method.response_type(organizations=[row.organization for row in request.requests])

    async def begin(self, effects: Any) -> None:
        assert not self.asked
        self.begun = [effect.id for effect in effects]

    async def write(self, *records: Planned) -> Any:
        writer = Writer(self.ask, self.begin, import_job_pb2.ImportJob.MODE_UPSERT)
        return await writer.write(records)


async def test_one_half_is_written_while_the_other_is_checked():
    service = Service()
    outcome = await service.write(*(planned(line) for line in range(2, 6)))
    assert service.asked == [["id-2", "id-3"], ["id-4", "id-5"]]
    assert service.most == 2
    assert service.begun == ["id-2", "id-3", "id-4", "id-5"]
    assert [effect.id for effect in outcome.effects.effects] == ["id-2", "id-3", "id-4", "id-5"]
    assert outcome.counts == {"party.Organization": [4, 0, 0]}


@pytest.mark.parametrize(("child", "parent"), [(2, 5), (5, 2)])
async def test_what_the_halves_need_of_each_other_is_written_before(child, parent):
    service = Service()
    rows = (planned(line, parent=parent if line == child else 0) for line in range(2, 6))
    outcome = await service.write(*rows)
    assert service.most == 1
    assert service.asked[-1] == [f"id-{child}"]
    assert outcome.effects.effects[-1].id == f"id-{child}"


async def test_nothing_is_at_work_any_more_when_a_half_has_failed():
    service = Service(fails="id-2")
    with pytest.raises(errors.Unavailable):
        await service.write(*(planned(line) for line in range(2, 6)))
    assert (service.at_once, service.ended) == (0, [["id-4", "id-5"]])


async def test_what_is_long_goes_in_smaller_batches(monkeypatch):
    """Between processes a message may not be longer than it may be."""
    row = planned(9).map.noun.create_request(planned(9).message)
    monkeypatch.setattr(
        writing, "BATCH_BYTES", 3 * row.ByteSize()
    )  # its tag and length come on top
    service = Service()
    outcome = await service.write(*(planned(line) for line in range(2, 9)))
    assert sorted(ids for batch in service.asked for ids in batch) == [
        f"id-{line}" for line in range(2, 9)
    ]
    assert max(len(batch) for batch in service.asked) == 2
    assert outcome.counts == {"party.Organization": [7, 0, 0]}
