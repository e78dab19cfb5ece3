"""An export is checked when it is written down, not when it runs (PLT-20, PLT-16)."""

import datetime

import pytest
from banyan.documents.v1 import export_job_pb2

from chassis import errors
from chassis.access import Caller, Grant, Grants, Scope, Tree
from chassis.resources import Around
from documents.export_job import (
    before_delete,
    begin_anew,
    cancel,
    prepare_create,
    prepare_update,
    validate,
)

_Job = export_job_pb2.ExportJob
NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
AROUND = Around(Caller("t", "u"), NOW)
AT_WORK = {_Job.STATUS_QUEUED, _Job.STATUS_RUNNING}
OVER = set(_Job.Status.values()) - AT_WORK - {_Job.STATUS_UNSPECIFIED}


def job(**fields) -> _Job:
    return _Job(**{"name": "deals", "resource_type": "sales.banyan/Opportunity"} | fields)


def refused(**fields) -> list[tuple[str, str]]:
    with pytest.raises(errors.Invalid) as caught:
        validate(job(**fields), AROUND)
    return [(violation.path, violation.reason) for violation in caught.value.violations]


def test_a_job_begins_as_a_draft_of_a_csv():
    made = job()
    prepare_create(made, AROUND)
    assert (made.status, made.format) == (_Job.STATUS_DRAFT, _Job.FORMAT_CSV)
    assert (made.encoding, made.headings) == (_Job.ENCODING_UTF8_BOM, _Job.HEADINGS_FIELD_NAMES)
    other = {"format": _Job.FORMAT_XLSX, "encoding": _Job.ENCODING_GB18030}
    chosen = job(headings=_Job.HEADINGS_CHINESE, **other)
    prepare_create(chosen, AROUND)
    wanted = job(status=_Job.STATUS_DRAFT, headings=_Job.HEADINGS_CHINESE, **other)
    assert chosen == wanted


def test_a_question_the_noun_can_answer_is_taken():
    validate(
        job(
            columns=["name", "amount.currencyCode", "organizationId.name"],
            filter='stage = "won" AND closeDate >= 2017-01-01',
            order_by="closeDate desc, name",
        ),
        AROUND,
    )


def test_everything_that_is_wrong_is_named_at_once():
    found = refused(columns=["name", "colour", "amount.size"], filter="colour = 1", order_by="x")
    assert found == [
        ("export_job.columns[1]", "UNKNOWN_FIELD"),
        ("export_job.columns[2]", "UNKNOWN_FIELD"),
        ("export_job.filter", "NOT_FILTERABLE"),
        ("export_job.order_by", "NOT_SORTABLE"),
    ]


@pytest.mark.parametrize("kind", ["", "sales.Opportunity", "sales.banyan/Unicorn"])
def test_a_kind_of_record_there_is_none_of_is_refused(kind):
    assert refused(resource_type=kind) == [("export_job.resource_type", "UNKNOWN_RESOURCE_TYPE")]


def test_whoever_may_read_none_of_the_records_exports_none():
    """PLT-16."""

    def around(*grants: Grant) -> Around:
        return Around(Caller("t", "u"), NOW, grants=Grants("u", grants, Tree({})))

    validate(job(), around(Grant("sales.Opportunity", "read", Scope.OWN)))
    with pytest.raises(errors.Forbidden) as caught:
        validate(job(), around(Grant("sales.Lead", "read", Scope.ALL)))
    assert caught.value.metadata == {"action": "read", "resource": "sales.Opportunity"}


@pytest.mark.parametrize("status", sorted(AT_WORK))
def test_what_is_at_work_is_left_alone_until_it_is_cancelled(status):
    working = job(status=status)
    for attempt in (
        lambda: prepare_update(working, job(status=status), AROUND),
        lambda: before_delete(working, AROUND),
    ):
        with pytest.raises(errors.FailedPrecondition) as caught:
            attempt()
        assert caught.value.reason == "EXPORT_AT_WORK"
    cancel(working, None, AROUND)
    assert working.status == _Job.STATUS_CANCELLED
    assert working.HasField("end_time")


@pytest.mark.parametrize("status", sorted(OVER))
def test_what_is_not_at_work_can_be_changed_and_deleted_but_not_cancelled(status):
    resting = job(status=status)
    changed = job(status=status)
    prepare_update(resting, changed, AROUND)
    assert changed.format == _Job.FORMAT_CSV
    before_delete(resting, AROUND)
    with pytest.raises(errors.FailedPrecondition) as caught:
        cancel(resting, None, AROUND)
    assert caught.value.reason == "EXPORT_NOT_AT_WORK"


def test_a_job_that_runs_again_knows_nothing_of_before():
    before = job(
        status=_Job.STATUS_FAILED, row_count=7, total_row_count=9, progress=0.7,
        document_id="d", map="files: []", error="why", error_reason="WHY", columns=["name"],
    )  # fmt: skip
    before.end_time.FromDatetime(NOW)
    begin_anew(before, "somebody")
    wanted = job(status=_Job.STATUS_QUEUED, columns=["name"], starter_user_id="somebody")
    wanted.start_time.CopyFrom(before.start_time)
    assert before == wanted
    assert before.HasField("start_time")
