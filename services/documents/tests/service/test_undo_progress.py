"""An undo says how far it is (PLT-19)."""

from typing import Any

from banyan.documents.v1 import import_job_pb2

from documents.imports import running, undoing

_Job = import_job_pb2.ImportJob


async def test_an_undo_says_how_far_it_is(firm, monkeypatch):
    job = await firm.job("a,Alpha,CN,2,1,,", "b,Beta,CN,2,1,,Li Na", "c,Gamma,CN,1,1,,Max")
    assert (await firm.start(job)).progress == 1
    monkeypatch.setattr(running, "NOTED_SECONDS", 0)
    monkeypatch.setattr(undoing, "_TOLD_EACH", 1)
    original, said = running.Run._note, list[float]()

    async def noting(self: Any, **fields: Any) -> None:
        said.append(fields["progress"])
        await original(self, **fields)

    monkeypatch.setattr(running.Run, "_note", noting)
    undone = await firm.undo(job)
    assert (undone.status, undone.progress) == (_Job.STATUS_UNDONE, 1)
    assert said == [0.2, 0.4, 0.6, 0.8, 1, 1]
