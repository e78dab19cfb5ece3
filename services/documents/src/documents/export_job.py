"""ExportJob: records of one kind on their way out, as a file (PLT-20)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import uuid_utils
from banyan.documents.v1 import export_job_pb2
from google.protobuf.message import Message
from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import UUID

from chassis import errors
from chassis.access import ALL_FIELDS, TenantProfile, with_titles
from chassis.custom.definitions import NONE, Fields
from chassis.custom.fields import key_of, keys_in
from chassis.errors import FieldViolation
from chassis.resources import Around, Hooks, Keep, Noun, Resources
from chassis.resources.jobs import begin_job
from chassis.resources.kinds import noun_of
from chassis.resources.query import Query, refused_parts
from chassis.resources.sql import Sql
from chassis.rpc import Call
from documents.exports.columns import is_path, shows_hidden
from documents.nouns import method_of

_Job = export_job_pb2.ExportJob
_ASKING = ("filter", "order_by")
EXPORT = "export"
AT_WORK = (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING)


def prepare_create(job: _Job, _: Around) -> None:
    """Begin as a draft."""
    job.status = _Job.STATUS_DRAFT
    _complete(job)


def prepare_update(old: _Job, new: _Job, _: Around) -> None:
    """Leave a job alone while it works.

    Raises:
        FailedPrecondition: EXPORT_AT_WORK.
    """
    _check_idle(old)
    _complete(new)


def _complete(job: _Job) -> None:
    """Make it a CSV that Excel reads, with the names of fields above it, unless told otherwise."""
    job.format = job.format or _Job.FORMAT_CSV
    job.encoding = job.encoding or _Job.ENCODING_UTF8_BOM
    job.headings = job.headings or _Job.HEADINGS_FIELD_NAMES


def validate(job: _Job, around: Around) -> None:
    """Refuse what cannot be asked of the noun, naming everything that is wrong.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE, UNKNOWN_FIELD, and what List refuses.
        Forbidden: PERMISSION_DENIED, for records whoever asks may not read any of.
    """
    noun = noun_of(job.resource_type, "export_job.resource_type")
    if method_of(noun, "List") is None:
        raise errors.invalid_field(
            "export_job.resource_type", "UNKNOWN_RESOURCE_TYPE", found=job.resource_type
        )
    if around.grants is not None and around.grants.reach(noun.name, "read") is None:
        raise errors.Forbidden("PERMISSION_DENIED", action="read", resource=noun.name)
    violations = [
        FieldViolation(f"export_job.columns[{place}]", "UNKNOWN_FIELD", metadata={"field": path})
        for place, path in enumerate(job.columns)
        if not is_path(path, noun)
    ]
    if around.grants is not None:
        violations += [
            FieldViolation(f"export_job.columns[{place}]", "FIELD_HIDDEN", metadata={"field": path})
            for place, path in enumerate(job.columns)
            if is_path(path, noun) and shows_hidden(path, noun, around.grants.fields)
        ]
    violations += _wrong_questions(job, noun, around)
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def _wrong_questions(job: _Job, noun: Noun, around: Around) -> Iterable[FieldViolation]:
    """Put filter and order together as the noun's service will, and see what it refuses."""
    kept = ALL_FIELDS if around.grants is None else around.grants.fields(noun.name)
    query = Query(noun, with_titles(noun.descriptor, kept.hidden))
    questions = _questions(job, query, around.tenant)
    for part in _custom_parts(job):  # these were checked with what is defined
        del questions[part]
    return refused_parts(questions, "export_job")


def _questions(
    job: _Job, query: Query, profile: TenantProfile | None, fields: Fields = NONE
) -> dict[str, Callable[[], object]]:
    """Give what puts filter and order of a job together, by their names."""
    return {
        "filter": lambda: query.condition(job.filter, Sql(), profile, fields),
        "order_by": lambda: query.order(job.order_by, fields),
    }


def _custom_parts(job: _Job) -> list[str]:
    """Name the parts of a job that ask about custom fields."""
    return [part for part in _ASKING if keys_in(getattr(job, part))]


async def complete(here: Resources, call: Call, new: Any, _: dict[Any, Any]) -> None:
    """Refuse a new job that speaks of custom fields that are not defined."""
    await _check_custom_fields(here, call, new.resource_type, new, new.columns)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a job, looking up the custom fields it speaks of when what does so changes."""
    jobs, job = here[_Job], request.export_job
    changed = {"columns", *_ASKING} & set(jobs.rules.update_mask(request))
    if changed:
        reach = jobs.rules.reach(call, "update")
        before = await jobs.store.find(call.tenant_id, job.id, reach)
        if before is not None:
            asked = _Job(**{part: getattr(job, part) for part in _ASKING if part in changed})
            columns = job.columns if "columns" in changed else ()
            await _check_custom_fields(here, call, before.resource_type, asked, columns)
    return await jobs.update(request, call)


async def _check_custom_fields(
    here: Resources, call: Call, resource_type: str, asked: _Job, columns: Sequence[str]
) -> None:
    named = (asked.filter, asked.order_by, *columns)
    if not keys_in(" ".join(named)):
        return
    noun = noun_of(resource_type, "export_job.resource_type")
    fields = await here.fields_named(call, noun, *named)
    query = Query(noun, with_titles(noun.descriptor, call.fields(noun.name).hidden))
    questions = _questions(asked, query, call.tenant, fields)
    checks = {part: questions[part] for part in _custom_parts(asked)}
    violations = list(refused_parts(checks, "export_job"))
    violations += [
        FieldViolation(
            f"export_job.columns[{place}]", "UNKNOWN_CUSTOM_FIELD", metadata={"found": key_of(path)}
        )
        for place, path in enumerate(columns)
        if key_of(path) and key_of(path) not in fields
    ]
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def before_delete(job: _Job, _: Around) -> None:
    """Refuse to delete what is at work.

    Raises:
        FailedPrecondition: EXPORT_AT_WORK.
    """
    _check_idle(job)


def _check_idle(job: _Job) -> None:
    if job.status in AT_WORK:
        raise errors.FailedPrecondition("EXPORT_AT_WORK")


async def start(here: Resources, request: Any, call: Call) -> Message:
    """Write the file in the background.

    Every run has an id of its own, so that what is left of an earlier one finds nothing to do.

    Raises:
        FailedPrecondition: EXPORT_AT_WORK.
        Forbidden: PEOPLE_ONLY, for a service acting as itself.
    """
    jobs = here[_Job]
    if not call.caller.user_id:
        raise errors.Forbidden("PEOPLE_ONLY")

    async def begin(asked: Keep | None) -> Message:
        old, new = await jobs.loaded(call, request.id, request.etag, call.method.action)
        _check_idle(old)
        begin_anew(new, call.caller.user_id)
        run_id = str(uuid_utils.uuid7())
        async with here.database.transaction(call.tenant_id) as transaction:
            await jobs.put(call, "start", old, new, transaction, asked)
            await transaction.fetch(
                "UPDATE documents.export_job SET run_id = $2, starter_language = $3,"
                " starter_time_zone = $4 WHERE id = $1",
                *(old.id, run_id, call.language, call.profile.time_zone),
            )
            await begin_job(here.database, EXPORT, run_id, transaction)
        return new

    return await jobs.once(request, call, begin)


def begin_anew(job: _Job, user_id: str) -> None:
    """Let a job wait for its turn, as if it had never run."""
    for name in (
        *("row_count", "total_row_count", "progress", "document_id", "map"),
        *("end_time", "error", "error_reason"),
    ):
        job.ClearField(name)
    job.status, job.starter_user_id = _Job.STATUS_QUEUED, user_id
    job.start_time.GetCurrentTime()


def cancel(job: _Job, _: Any, __: Around) -> None:
    """Stop a job; there will be no file.

    Raises:
        FailedPrecondition: EXPORT_NOT_AT_WORK.
    """
    if job.status not in AT_WORK:
        raise errors.FailedPrecondition("EXPORT_NOT_AT_WORK")
    job.status = _Job.STATUS_CANCELLED
    job.end_time.GetCurrentTime()


EXPORT_JOB = Noun(
    _Job,
    private={
        "run_id": UUID(as_uuid=False),
        "starter_language": Text(),
        "starter_time_zone": Text(),
    },
    hooks=Hooks(
        complete=complete,
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
        before_delete=before_delete,
    ),
    verbs={"CancelExportJob": cancel},
    methods={"StartExportJob": start, "UpdateExportJob": update},
)
