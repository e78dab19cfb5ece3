"""Status: how far a record is. Its business verbs change it, and each says where it begins."""

from typing import Any

from chassis import errors
from chassis.json import short_enum_name


def require(record: Any, *allowed: int) -> None:
    """Refuse a verb on a record that is not as far as the verb needs it.

    Raises:
        FailedPrecondition: WRONG_STATUS with the status there is and those that would do.
    """
    if record.status not in allowed:
        wanted = ", ".join(_name(record, status) for status in allowed)
        raise errors.FailedPrecondition(
            "WRONG_STATUS", status=_name(record, record.status), wanted=wanted
        )


def keep(old: Any, new: Any, *verbs: str) -> None:
    """Leave the status of a record that is edited to its verbs.

    A replacement that does not speak of it keeps it.

    Raises:
        FailedPrecondition: STATUS_BY_VERB with the verbs that change it.
    """
    new.status = new.status or old.status
    if new.status != old.status:
        raise errors.FailedPrecondition("STATUS_BY_VERB", verbs=", ".join(verbs))


def _name(record: Any, status: int) -> str:
    enum = record.DESCRIPTOR.fields_by_name["status"].enum_type
    return short_enum_name(enum, enum.values_by_number[status].name)
