"""Running an import: stretch by stretch, each noted with what it did, so that it can go on."""

import asyncio
import contextlib
import datetime
import itertools
import tempfile
import time
import zoneinfo
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uuid_utils
from banyan.documents.v1 import import_job_pb2, import_problem_pb2, import_step_pb2
from banyan.identity.v1 import tenant_pb2

from chassis import errors
from chassis.resources import Resources
from chassis.rpc.registry import contract_methods
from chassis.turns import TURNS
from documents.acting import OnBehalfOf
from documents.files import fetch
from documents.import_problem import records_of
from documents.import_step import begin_anew
from documents.imports.custom import Custom, custom_of
from documents.imports.known import Known
from documents.imports.mapping import FileMap, ImportMap, RecordMap, read_map
from documents.imports.nouns import noun_called
from documents.imports.opening import columns_of, open_file, profiles_of
from documents.imports.planning import Planner
from documents.imports.rows import NotYet, Planned, Problem, Refused, RowView, views
from documents.imports.trying import Trial, spoken_of_again
from documents.imports.under_way import UnderWay
from documents.imports.undoing import effects_of, take_back, told_again
from documents.imports.writing import Outcome, Writer
from documents.tables import Row, Table
from documents.tables.values import ColumnProfile

_Job = import_job_pb2.ImportJob
_Step = import_step_pb2.ImportStep
_Problem = import_problem_pb2.ImportProblem
_UPDATE = "/banyan.documents.v1.ImportJobService/UpdateImportJob"
_TENANT = "/banyan.identity.v1.TenantService/GetTenant"
# So many rows are planned while those before them are written, and noted with what they did.
STRETCH = 4000
# How often an undo says how far it is.
NOTED_SECONDS = 0.5


class Stopped(Exception):
    """Somebody cancelled the job."""


@dataclass(frozen=True)
class _Tenant:
    zone: datetime.tzinfo
    currency: str


class Run:
    """One run of a job, by a process that holds its lease."""

    def __init__(self, here: Resources, tenant_id: str, job: _Job, language: str) -> None:
        self._here = here
        self._tenant_id = tenant_id
        self._job = job
        self._language = language
        self._person = OnBehalfOf(here, tenant_id, job.starter_user_id, language)
        self._known = Known(self._person.ask)
        self._under_way = UnderWay(here, tenant_id, job.id, self._person.ask)
        self._writer = Writer(self._person.ask, self._under_way.begin, job.mode)
        self._number = 0
        self.custom: Custom = {}

    async def run(self) -> None:
        """Read every file, from where an earlier try stopped."""
        wanted = read_map(self._job.map)
        self.custom = await custom_of(self._here, self._tenant_id, wanted, time.monotonic())
        self._writer.custom = self.custom
        if self._job.dry_run:  # what it read before it was cut short nobody knows any more
            trial = Trial(spoken_of_again(wanted.records, self.custom))
            self._known.trial = self._writer.trial = trial
            await self._note(anew=True)
        tenant = await self._tenant()
        steps = await self._steps()
        for step in steps:
            self._writer.noted.update(effect.id for effect in effects_of(step).effects)
        await self._under_way.find_out()
        self._writer.found.update(effect.id for effect in self._under_way.written)
        self._writer.noted.update(self._writer.found)
        await self._note(status=_Job.STATUS_RUNNING)
        refused = await self._refused_at_the_beginning()
        if not steps:
            await self._known.see_what_is_empty(record.noun for record in wanted.records)
        if not steps or refused:
            await self._once(wanted, tenant, refused)
        made = {record.noun.name for record in wanted.once}
        with tempfile.TemporaryDirectory(prefix="banyan-import-") as folder:
            sizes = [
                await self._fetch(file.file, Path(folder) / str(place))
                for place, file in enumerate(wanted.files)
            ]
            for place, file in enumerate(wanted.files):
                done = [step for step in steps if step.file == place and step.line]
                path = Path(folder) / str(place)
                self._known.begin_file(made)
                made.update(record.noun.name for record in file.records)
                with await asyncio.to_thread(open_file, path, file) as table:
                    reader = _File(self, wanted, file, place, table, tenant)
                    await reader.read(done, sum(sizes[:place]), sizes[place], sum(sizes) or 1)
        ended = _Job.STATUS_CHECKED if self._job.dry_run else _Job.STATUS_DONE
        await self._note(status=ended, progress=1.0)

    async def _tenant(self) -> _Tenant:
        method = next(m for m in contract_methods("identity") if m.path == _TENANT)
        found: tenant_pb2.Tenant = await self._person.ask(
            method, method.request_type(id=self._tenant_id)
        )
        return _Tenant(zoneinfo.ZoneInfo(found.time_zone), found.currency_code)

    async def _fetch(self, name: str, path: Path) -> int:
        document_id = next(f.document_id for f in self._job.files if f.name == name)
        return await fetch(self._person.ask, document_id, path)

    async def _steps(self) -> list[_Step]:
        found = await self._here[_Step].store.where(
            self._tenant_id, "t.import_job_id = $1::uuid", self._job.id
        )
        self._number = max((step.number for step in found), default=0)
        return sorted(found, key=lambda step: step.number)

    async def _refused_at_the_beginning(self) -> list[str]:
        """Give the ids of what an earlier try said of the records before the first row."""
        found = await self._here[_Problem].store.where(
            self._tenant_id, "t.import_job_id = $1::uuid AND t.line = 0", self._job.id
        )
        return [problem.id for problem in found]

    async def _once(self, wanted: ImportMap, tenant: _Tenant, refused: list[str]) -> None:
        """Make what the map wants to be there before the first row.

        Args:
            refused: what an earlier try said of it, which counts no more.
        """
        planner = self.planner(wanted, wanted.once, -1, tenant, {})
        row = RowView(0, {}, {})
        await self.look_up(planner, [row])
        problems: list[Problem] = []
        planned: list[Planned] = []
        try:
            planned = planner.plan(row, last=True)
        except Refused as error:
            problems.append(error.problem)
        outcome = await self._writer.write(planned)
        outcome.problems += problems
        await self.noted("", 0, 0, 0, outcome, (), 0.0)
        await self._here.database.write(
            self._tenant_id,
            "DELETE FROM documents.import_problem WHERE id = ANY($1::uuid[])",
            refused,
        )
        if outcome.problems:
            found = outcome.problems[0]
            raise errors.FailedPrecondition("IMPORT_BEGINNING_REFUSED", reason=found.reason)

    def planner(
        self,
        wanted: ImportMap,
        records: Sequence[RecordMap],
        place: int,
        tenant: _Tenant,
        profiles: dict[str, ColumnProfile],
        *,
        spaces: bool = False,
    ) -> Planner:
        """Give what plans the rows of a file."""
        return Planner(
            records,
            self._known,
            self._job.id,
            place,
            zone=tenant.zone,
            currency=tenant.currency,
            profiles=profiles,
            looked_up=wanted.looked_up,
            custom=self.custom,
            spaces=spaces,
        )

    async def look_up(self, planner: Planner, rows: Sequence[RowView]) -> None:
        """Get to know what rows may be and refer to."""
        await self._known.look_up(planner.sought(rows), planner.paths())

    async def write(self, planned: Sequence[Planned]) -> Outcome:
        """Write records."""
        return await self._writer.write(planned)

    async def noted(
        self,
        file: str,
        place: int,
        line: int,
        rows: int,
        outcome: Outcome,
        waiting: Sequence[int],
        progress: float,
    ) -> None:
        """Note a stretch: what it did, what did not go in, how far the job is.

        Raises:
            Stopped: somebody cancelled the job.
        """
        outcome.effects.waiting_lines.extend(waiting)
        outcome.add_earlier(self._under_way.written)
        step = self._step(outcome.effects, file=place, line=line, row_count=rows)
        refused = len({problem.line for problem in outcome.problems if problem.line})
        problems = list(records_of(self._job, file, outcome.problems, self._language))
        jobs = self._here[_Job]
        async with self._here.database.transaction(self._tenant_id) as transaction:
            old = await self._current(transaction)
            new = _Job()
            new.CopyFrom(old)
            new.row_count += rows
            new.refused_row_count += refused
            new.progress = max(new.progress, progress)
            _add_counts(new, outcome)
            await self._here[_Step].store.mirror([step], transaction)
            await self._here[_Problem].store.mirror(problems, transaction)
            await jobs.put(self._call(), "update", old, new, transaction)
            await self._under_way.end(transaction)
        self._under_way.written.clear()
        if old.status != _Job.STATUS_RUNNING:
            raise Stopped

    def _step(self, effects: import_job_pb2.ImportEffects, **fields: int) -> _Step:
        self._number += 1
        step = _Step(
            id=str(uuid_utils.uuid7()), etag="1", import_job_id=self._job.id, number=self._number,
            effects=effects.SerializeToString(),
            owner_user_id=self._job.owner_user_id, org_unit_id=self._job.org_unit_id, **fields,
        )  # fmt: skip
        step.create_time.GetCurrentTime()
        return step

    async def _note(self, *, anew: bool = False, **fields: Any) -> None:
        jobs = self._here[_Job]
        async with self._here.database.transaction(self._tenant_id) as transaction:
            old = await self._current(transaction)
            if old.status not in (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING, _Job.STATUS_UNDOING):
                raise Stopped
            new = _Job()
            new.CopyFrom(old)
            if anew:
                await begin_anew(new, transaction)
            for name, value in fields.items():
                setattr(new, name, value)
            if "status" in fields and fields["status"] != _Job.STATUS_RUNNING:
                new.end_time.GetCurrentTime()
            await jobs.put(self._call(), "update", old, new, transaction)

    async def failed(self, error: errors.Error) -> None:
        """Say why the job could not go on."""
        with contextlib.suppress(errors.Error):  # else whoever goes on finds it out
            await self._under_way.find_out()
        cause = error.cause
        sentence = errors.sentence(cause.reason, cause.metadata, self._language)
        with contextlib.suppress(Stopped):
            await self._note(status=_Job.STATUS_FAILED, error=sentence, error_reason=cause.reason)

    async def undo(self) -> None:
        """Take back every stretch, the last first; each is forgotten once it is taken back."""
        steps = [*await self._steps(), *await self._not_noted()]
        again = read_map(self._job.map).made_again
        whole, taken, due = sum(len(effects_of(step).effects) for step in steps), 0, 0.0

        async def told(count: int) -> None:
            nonlocal taken, due
            taken += count
            if time.monotonic() >= due:
                await self._note(progress=taken / whole)
                due = time.monotonic() + NOTED_SECONDS

        while steps:
            step = steps.pop()
            effects = effects_of(step)
            problems, etags = await take_back(self._person.ask, noun_called, effects, told)
            records = list(records_of(self._job, "", problems, self._language))
            async with self._here.database.transaction(self._tenant_id) as transaction:
                await self._here[_Problem].store.mirror(records, transaction)
                await transaction.fetch("DELETE FROM documents.import_step WHERE id = $1", step.id)
                for earlier in told_again(steps, etags) if again else ():
                    await transaction.fetch(
                        "UPDATE documents.import_step SET effects = $2 WHERE id = $1",
                        *(earlier.id, earlier.effects),
                    )
        await self._note(status=_Job.STATUS_UNDONE, progress=1.0)

    async def _not_noted(self) -> list[_Step]:
        """Note as a step of its own what was written before it could be noted."""
        await self._under_way.find_out()
        written = self._under_way.written
        if not written:
            return []
        step = self._step(import_job_pb2.ImportEffects(effects=written))
        async with self._here.database.transaction(self._tenant_id) as transaction:
            await self._here[_Step].store.mirror([step], transaction)
            await self._under_way.end(transaction)
        return [step]

    async def _current(self, transaction: Any) -> _Job:
        jobs = self._here[_Job].store
        await jobs.hold(self._job.id, transaction)
        (found,) = await jobs.where(
            self._tenant_id, "t.id = $1::uuid", self._job.id, connection=transaction
        )
        return found

    def _call(self) -> Any:
        return self._here.call_of(_UPDATE, self._tenant_id, self._job.starter_user_id)


class _File:
    """One file on its way in."""

    def __init__(
        self, run: Run, wanted: ImportMap, file: FileMap, place: int, table: Table, tenant: _Tenant
    ) -> None:
        self._run = run
        self._file = file
        self._place = place
        self._table = table
        self._columns = columns_of(table, file)
        profiles = profiles_of(table, self._columns, file, run.custom)
        self._planner = run.planner(
            wanted, file.records, place, tenant, profiles, spaces=file.spaces
        )
        self._wanted = sorted(file.columns)

    async def read(self, done: list[_Step], before: int, size: int, whole: int) -> None:
        """Read the rows from behind the last one done, then those that waited for later ones."""
        after = max((step.line for step in done), default=0)
        waiting = _still_waiting(done)
        rows = self._table.rows(after)
        total = sum(step.row_count for step in done)
        writing: asyncio.Task[None] | None = None
        try:
            async for stretch in _stretches(rows):
                outcome, planned, late = await self._planned(stretch, last=False)
                if writing is not None:
                    await writing
                waiting += late
                total += len(stretch)
                # A file does not say how many rows it has; half of it stands for "more to come".
                part = (before + size * total / (total + STRETCH)) / whole
                writing = asyncio.create_task(
                    self._written(stretch[-1].line, len(stretch), outcome, planned, late, part)
                )
        finally:
            if writing is not None:
                await writing
        while waiting:
            left = await self._again(waiting, (before + size) / whole)
            # Where reading them again brought none of them further, nothing will.
            last = len(left) == len(waiting)
            waiting = await self._again(left, (before + size) / whole, last=last) if last else left

    async def _again(self, lines: Sequence[int], part: float, *, last: bool = False) -> list[int]:
        """Read the rows that wait; give those that wait still."""
        waiting, left = set(lines), list[int]()
        async for stretch in _stretches(r for r in self._table.rows() if r.line in waiting):
            outcome, planned, late = await self._planned(stretch, last=last)
            left += late
            settled = sorted({row.line for row in stretch} - set(late))
            outcome.effects.settled_lines.extend(settled)
            # They were counted when they came.
            if settled:
                await self._written(stretch[-1].line, 0, outcome, planned, (), part)
        return left

    async def _planned(
        self, rows: Sequence[Row], *, last: bool
    ) -> tuple[Outcome, list[Planned], list[int]]:
        outcome = Outcome()
        seen: list[RowView] = []
        file = self._file
        for view in views(rows, self._columns, file.values, self._wanted, spaces=file.spaces):
            if isinstance(view, Problem):
                outcome.problems.append(view)
            else:
                seen.append(view)
        await self._run.look_up(self._planner, seen)
        planned: list[Planned] = []
        late = seen
        while late:
            # Children often stand before their parents: backwards, one reading is enough.
            waiting, late = late, self._late(late, planned, outcome, last=last)[::-1]
            if len(late) == len(waiting):
                break
        return outcome, planned, sorted(view.line for view in late)

    def _late(
        self, rows: Sequence[RowView], planned: list[Planned], outcome: Outcome, *, last: bool
    ) -> list[RowView]:
        """Plan rows; give those that refer to what may still come."""
        late: list[RowView] = []
        for row in rows:
            try:
                planned += self._planner.plan(row, last=last)
            except Refused as error:
                outcome.problems.append(error.problem)
            except NotYet:
                late.append(row)
        return late

    async def _written(
        self,
        line: int,
        rows: int,
        outcome: Outcome,
        planned: Sequence[Planned],
        late: Sequence[int],
        progress: float,
    ) -> None:
        written = await self._run.write(planned)
        written.problems[:0] = outcome.problems
        written.effects.MergeFrom(outcome.effects)
        await self._run.noted(self._file.file, self._place, line, rows, written, late, progress)


async def work(here: Resources, tenant_id: str, job_id: str) -> None:
    """Run an import; the work of the job `import`."""
    async with _a_run(here, tenant_id, job_id, _Job.STATUS_QUEUED, _Job.STATUS_RUNNING) as run:
        if run is not None:
            await run.run()


async def undo(here: Resources, tenant_id: str, job_id: str) -> None:
    """Take an import back; the work of the job `undo_import`."""
    async with _a_run(here, tenant_id, job_id, _Job.STATUS_UNDOING) as run:
        if run is not None:
            await run.undo()


@contextlib.asynccontextmanager
async def _a_run(
    here: Resources, tenant_id: str, job_id: str, *statuses: int
) -> AsyncGenerator[Run | None]:
    """Give a run of a job that is to be worked at; what stops it for good is said in its record."""
    jobs = await here[_Job].store.where(tenant_id, "t.id = $1::uuid", job_id)
    if not jobs or jobs[0].status not in statuses:
        yield None
        return
    rows = await here.database.read(
        tenant_id, "SELECT starter_language FROM documents.import_job WHERE id = $1", job_id
    )
    run = Run(here, tenant_id, jobs[0], rows[0][0] or "en")
    try:
        with TURNS.long_work():
            yield run
    except Stopped:
        return
    except (errors.Unavailable, errors.Internal, errors.DeadlineExceeded):
        raise  # it is tried again
    except errors.Error as error:
        await run.failed(error)


def _still_waiting(steps: Iterable[_Step]) -> list[int]:
    effects = [effects_of(step) for step in steps]
    settled = {line for effect in effects for line in effect.settled_lines}
    return [line for effect in effects for line in effect.waiting_lines if line not in settled]


async def _stretches(rows: Iterator[Row]) -> AsyncGenerator[list[Row]]:
    """Read rows in stretches; reading waits for the disk and takes turns with other work."""
    while stretch := list(itertools.islice(rows, STRETCH)):
        yield stretch
        await asyncio.sleep(0)


def _add_counts(job: _Job, outcome: Outcome) -> None:
    by_noun = {count.noun: count for count in job.counts}
    for noun, (created, updated, unchanged) in outcome.counts.items():
        count = by_noun.get(noun) or job.counts.add(noun=noun)
        count.created += created
        count.updated += updated
        count.unchanged += unchanged
