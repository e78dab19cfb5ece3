"""Communication: a call, a visit or a message with people outside (SAL-47, SAL-49, SAL-50)."""

from banyan.party.v1 import communication_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun

_Communication = communication_pb2.Communication


def validate(communication: _Communication, _: Around) -> None:
    """Refuse one that was held and came to nothing anybody wrote down.

    Raises:
        Invalid: RESULT_MISSING.
    """
    if communication.status == _Communication.STATUS_HELD and not communication.result:
        raise errors.invalid_field("communication.result", "RESULT_MISSING")


COMMUNICATION = Noun(
    _Communication,
    defaults={"status": _Communication.STATUS_PLANNED},
    hooks=Hooks(validate=validate),
)
