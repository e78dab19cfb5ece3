"""ImportProblem: what did not go in, and why (PLT-18, PLT-19)."""

import datetime
from collections.abc import Iterable, Iterator

import uuid_utils
from banyan.documents.v1 import import_job_pb2, import_problem_pb2

from chassis import errors
from chassis.resources import Noun
from documents.imports.rows import Problem

_VALUE_LENGTH_MAX = 500


def records_of(
    job: import_job_pb2.ImportJob, file: str, problems: Iterable[Problem], language: str
) -> Iterator[import_problem_pb2.ImportProblem]:
    """Give the records of problems, each said in a language."""
    now = datetime.datetime.now(datetime.UTC)
    for problem in problems:
        record = import_problem_pb2.ImportProblem(
            id=str(uuid_utils.uuid7()),
            etag="1",
            owner_user_id=job.owner_user_id,
            org_unit_id=job.org_unit_id,
            import_job_id=job.id,
            file=file,
            line=problem.line,
            column=problem.column,
            value=problem.value[:_VALUE_LENGTH_MAX],
            noun=problem.noun,
            reason=problem.reason,
            message=_sentence(problem, language),
            record_id=problem.record_id,
        )
        record.create_time.FromDatetime(now)
        yield record


def _sentence(problem: Problem, language: str) -> str:
    text = errors.sentence(problem.reason, problem.metadata, language)
    # A rule of the contract says itself what it wants.
    return problem.metadata.get("detail", text) if text == problem.reason else text


IMPORT_PROBLEM = Noun(
    import_problem_pb2.ImportProblem,
    without={
        "Create": "an import says what went wrong",
        "Update": "it is what it was when the file was read",
        "Delete": "the problems of a run go when the job is started anew",
    },
)
