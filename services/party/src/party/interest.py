"""Interest: a product, a topic or an event somebody outside is interested in (PTY-04 to PTY-06)."""

from banyan.party.v1 import interest_pb2

from chassis.resources import Around, Hooks, Noun
from party.days import date_of, refuse_reversed

_Interest = interest_pb2.Interest


def prepare_create(interest: _Interest, around: Around) -> None:
    """Let it begin today, unless it is told when it began or ended."""
    if not interest.HasField("start_date") and not interest.HasField("end_date"):
        interest.start_date.CopyFrom(date_of(around.today))


def validate(interest: _Interest, _: Around) -> None:
    """Refuse one that ends before it begins.

    Raises:
        Invalid: ENDS_BEFORE_START.
    """
    refuse_reversed(interest, "start_date", "end_date")


INTEREST = Noun(_Interest, hooks=Hooks(prepare_create=prepare_create, validate=validate))
