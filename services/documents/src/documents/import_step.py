"""ImportStep: a stretch of a file that an import has dealt with, and what an undo takes back."""

from banyan.documents.v1 import import_job_pb2, import_step_pb2

from chassis.database import Transaction
from chassis.resources import Noun

_EMPTY = (
    "DELETE FROM documents.import_step WHERE import_job_id = $1",
    "DELETE FROM documents.import_problem WHERE import_job_id = $1",
)


async def begin_anew(job: import_job_pb2.ImportJob, transaction: Transaction) -> None:
    """Forget how far a job was, and what it found."""
    for name in ("row_count", "progress", "counts", "refused_row_count"):
        job.ClearField(name)
    for sql in _EMPTY:
        await transaction.fetch(sql, job.id)


IMPORT_STEP = Noun(
    import_step_pb2.ImportStep,
    without={
        "Create": "an import notes what it has done",
        "Update": "what was done was done",
        "Delete": "an undo removes the steps it has taken back",
    },
)
