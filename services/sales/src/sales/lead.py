"""Lead: a first sign that somebody may buy (SAL-04, SAL-14); conversion.py makes a deal of it."""

from typing import Any

from banyan.sales.v1 import lead_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from sales.conversion import convert
from sales.merging import MOVED_BY

_Lead = lead_pb2.Lead


def prepare_create(lead: _Lead, _: Around) -> None:
    """Open it, and write the e-mail as it is compared."""
    lead.status = _Lead.STATUS_OPEN
    lead.email = lead.email.strip().lower()


def prepare_update(old: _Lead, new: _Lead, _: Around) -> None:
    """Keep the e-mail as it is compared; what is being converted stays as it is.

    Raises:
        FailedPrecondition: LEAD_NOT_OPEN.
    """
    new.email = new.email.strip().lower()
    if old.status == _Lead.STATUS_CONVERTING:
        raise errors.FailedPrecondition("LEAD_NOT_OPEN", status="CONVERTING")


def before_delete(lead: _Lead, _: Around) -> None:
    """Refuse to delete what is being converted.

    Raises:
        FailedPrecondition: LEAD_NOT_OPEN.
    """
    if lead.status == _Lead.STATUS_CONVERTING:
        raise errors.FailedPrecondition("LEAD_NOT_OPEN", status="CONVERTING")


def disqualify(lead: _Lead, request: Any, around: Around) -> None:
    """Give a lead up, with the reason.

    Raises:
        FailedPrecondition: LEAD_NOT_OPEN.
    """
    if lead.status != _Lead.STATUS_OPEN:
        name = _Lead.Status.Name(lead.status).removeprefix("STATUS_")
        raise errors.FailedPrecondition("LEAD_NOT_OPEN", status=name)
    lead.status = _Lead.STATUS_DISQUALIFIED
    lead.outcome_reason = request.reason
    lead.outcome_time.FromDatetime(around.now)


LEAD = Noun(
    _Lead,
    private=MOVED_BY,
    hooks=Hooks(
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        before_delete=before_delete,
    ),
    verbs={"DisqualifyLead": disqualify},
    methods={"ConvertLead": convert},
)
