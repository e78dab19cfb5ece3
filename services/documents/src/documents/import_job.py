"""ImportJob: tables of another system on their way in (PLT-19)."""

from typing import Any

from banyan.documents.v1 import import_job_pb2
from google.protobuf.message import Message
from sqlalchemy import LargeBinary, Text

from chassis import errors
from chassis.resources import Around, Hooks, Keep, Noun, Resources
from chassis.resources.jobs import begin_job
from chassis.rpc import Call
from documents.import_step import begin_anew
from documents.imports.custom import custom_of
from documents.imports.mapping import read_map
from documents.imports.refused import write_refused_rows

_Job = import_job_pb2.ImportJob
IMPORT, UNDO = "import", "undo_import"
_AT_WORK = (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING, _Job.STATUS_UNDOING)
_STARTABLE = (_Job.STATUS_DRAFT, _Job.STATUS_CHECKED, _Job.STATUS_FAILED, _Job.STATUS_CANCELLED)
_UNDOABLE = (_Job.STATUS_DONE, _Job.STATUS_FAILED, _Job.STATUS_CANCELLED)


def prepare_create(job: _Job, _: Around) -> None:
    """Begin as a draft that makes what is not there and changes what is."""
    job.status = _Job.STATUS_DRAFT
    job.mode = job.mode or _Job.MODE_UPSERT


def prepare_update(old: _Job, _: _Job, __: Around) -> None:
    """Leave a job alone while it works, and after it has written.

    Raises:
        FailedPrecondition: IMPORT_AT_WORK, IMPORT_HAS_WRITTEN.
    """
    if old.status in _AT_WORK:
        raise errors.FailedPrecondition("IMPORT_AT_WORK")
    if old.status not in (_Job.STATUS_DRAFT, _Job.STATUS_CHECKED):
        raise errors.FailedPrecondition("IMPORT_HAS_WRITTEN")


def validate(job: _Job, _: Around) -> None:
    """Refuse a map that cannot be read, and files that are named twice.

    Raises:
        Invalid: INVALID_MAP and the other reasons of `read_map`, FILE_TWICE.
    """
    try:
        read_map(job.map)
    except errors.Invalid as error:
        wrong = errors.FieldViolation("import_job.map", error.reason, metadata=error.metadata)
        raise errors.Invalid("INVALID_FIELDS", violations=[wrong]) from None
    names = [file.name for file in job.files]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise errors.invalid_field("import_job.files", "FILE_TWICE", file=twice)


async def complete(here: Resources, call: Call, new: Any, _: dict[Any, Any]) -> None:
    """Refuse a new job whose map speaks of custom fields that are not defined."""
    await _check_custom_fields(here, call, new.map)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a job, looking up the custom fields of its map when that changes."""
    jobs = here[_Job]
    if "map" in jobs.rules.update_mask(request):
        await _check_custom_fields(here, call, request.import_job.map)
    return await jobs.update(request, call)


async def _check_custom_fields(here: Resources, call: Call, text: str) -> None:
    """Refuse custom fields that the firm has not defined.

    Raises:
        Invalid: MAP_CUSTOM_FIELD_UNKNOWN.
    """
    try:
        wanted = read_map(text)
    except errors.Invalid:
        return  # what is wrong with it is said with everything else that is
    if not any(record.custom_keys for record in wanted.records):
        return
    try:
        await custom_of(here, call.tenant_id, wanted, call.started)
    except errors.FailedPrecondition as error:
        raise errors.invalid_field("import_job.map", error.reason, **error.metadata) from None


def before_delete(job: _Job, _: Around) -> None:
    """Refuse to delete what is at work.

    Raises:
        FailedPrecondition: IMPORT_AT_WORK.
    """
    if job.status in _AT_WORK:
        raise errors.FailedPrecondition("IMPORT_AT_WORK")


async def start(here: Resources, request: Any, call: Call) -> Message:
    """Read the files in the background; a real run that was cut short goes on where it was.

    Raises:
        FailedPrecondition: IMPORT_AT_WORK, IMPORT_ENDED, FILE_MISSING.
        Forbidden: PEOPLE_ONLY, for a service acting as itself.
    """
    jobs = here[_Job]
    if not call.caller.user_id:
        raise errors.Forbidden("PEOPLE_ONLY")

    async def run(asked: Keep | None) -> Message:
        old, new = await jobs.loaded(call, request.id, request.etag, call.method.action)
        if old.status in _AT_WORK:
            raise errors.FailedPrecondition("IMPORT_AT_WORK")
        if old.status not in _STARTABLE:
            raise errors.FailedPrecondition("IMPORT_ENDED")
        _check_files(old)
        goes_on = old.status in (_Job.STATUS_FAILED, _Job.STATUS_CANCELLED) and not old.dry_run
        if goes_on and request.dry_run:
            raise errors.FailedPrecondition("IMPORT_HAS_WRITTEN")
        new.status, new.dry_run = _Job.STATUS_QUEUED, request.dry_run
        new.starter_user_id = call.caller.user_id
        for name in ("error", "error_reason", "end_time"):
            new.ClearField(name)
        new.start_time.GetCurrentTime()
        async with here.database.transaction(call.tenant_id) as transaction:
            if not goes_on:
                await begin_anew(new, transaction)
            await jobs.put(call, "start", old, new, transaction, asked)
            await transaction.fetch(
                "UPDATE documents.import_job SET starter_language = $2 WHERE id = $1",
                *(old.id, call.language),
            )
            await begin_job(here.database, IMPORT, old.id, transaction)
        return new

    return await jobs.once(request, call, run)


def cancel(job: _Job, _: Any, __: Around) -> None:
    """Stop a job; what it has written stays and can be undone.

    Raises:
        FailedPrecondition: IMPORT_NOT_AT_WORK.
    """
    if job.status not in (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING):
        raise errors.FailedPrecondition("IMPORT_NOT_AT_WORK")
    job.status = _Job.STATUS_CANCELLED
    job.end_time.GetCurrentTime()


async def undo(here: Resources, request: Any, call: Call) -> Message:
    """Take back in the background what a job has written.

    Raises:
        FailedPrecondition: IMPORT_AT_WORK, NOTHING_TO_UNDO.
        Forbidden: PEOPLE_ONLY.
    """
    jobs = here[_Job]
    if not call.caller.user_id:
        raise errors.Forbidden("PEOPLE_ONLY")

    async def run(asked: Keep | None) -> Message:
        old, new = await jobs.loaded(call, request.id, request.etag, call.method.action)
        if old.status in _AT_WORK:
            raise errors.FailedPrecondition("IMPORT_AT_WORK")
        if old.status not in _UNDOABLE or old.dry_run:
            raise errors.FailedPrecondition("NOTHING_TO_UNDO")
        new.status, new.progress = _Job.STATUS_UNDOING, 0
        new.starter_user_id = call.caller.user_id
        new.ClearField("end_time")
        async with here.database.transaction(call.tenant_id) as transaction:
            await jobs.put(call, "undo", old, new, transaction, asked)
            await begin_job(here.database, UNDO, old.id, transaction)
        return new

    return await jobs.once(request, call, run)


def _check_files(job: _Job) -> None:
    given = {file.name for file in job.files}
    for file in read_map(job.map).files:
        if file.file not in given:
            raise errors.FailedPrecondition("FILE_MISSING", file=file.file)


IMPORT_JOB = Noun(
    _Job,
    private={"starter_language": Text(), "under_way": LargeBinary()},
    hooks=Hooks(
        complete=complete,
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
        before_delete=before_delete,
    ),
    verbs={"CancelImportJob": cancel},
    methods={
        "StartImportJob": start,
        "UpdateImportJob": update,
        "UndoImportJob": undo,
        "WriteRefusedRows": write_refused_rows,
    },
)
