"""A partial update (AIP-134): which fields it changes, and which of them its author may not."""

from collections.abc import Iterable
from typing import Any

from chassis import errors
from chassis.access.withheld import differs, is_given, put_back
from chassis.custom.fields import CUSTOM_FIELDS, key_of, merge
from chassis.json.fields import copy_field
from chassis.resources.requests import only_checks
from chassis.resources.rules import Rules
from chassis.rpc import Call


class Patch:
    """The request of an update.

    Attributes:
        record: what the request says.
        mask: the fields to change.
        validate_only: nothing is to be written (AIP-163).

    Raises:
        Invalid: UNKNOWN_FIELD.
        Forbidden: FIELD_NOT_WRITABLE.
    """

    def __init__(self, rules: Rules, request: Any, call: Call) -> None:
        self._noun = rules.noun
        self._kept = call.fields(self._noun.name)
        self.record: Any = getattr(request, self._noun.table_name)
        self.mask = rules.update_mask(request)
        self.validate_only = only_checks(request)
        # Who takes over a whole record gives back what they were shown of it; who names a field
        # means it.
        self._named = list(request.update_mask.paths) not in ([], ["*"])
        if self._named:
            _refuse((p for p in self._kept.unwritable if self._names(p)), self._noun.name)
        else:
            _refuse((p for p in self._kept.hidden if is_given(self.record, p)), self._noun.name)

    def apply(self, record: Any) -> None:
        """Change a record as the request says.

        Raises:
            Forbidden: FIELD_NOT_WRITABLE.
        """
        before = type(record)()
        if self._kept.unwritable:
            before.CopyFrom(record)
        for name in self.mask:
            if name == CUSTOM_FIELDS or key_of(name):
                merge(name, self.record, record)
            else:
                copy_field(name, self.record, record)
        for path in self._kept.hidden:
            put_back(record, path, before)
        changed = (p for p in self._kept.unwritable if differs(p, before, record))
        _refuse(changed, self._noun.name)

    def _names(self, path: str) -> bool:
        """Tell whether a field, or one of the custom fields, is named to be changed."""
        if path in self.mask:
            return True
        whole = path.partition(".")[0]
        return whole in self.mask and is_given(self.record, path)


def check_new(record: Any, noun: str, call: Call) -> None:
    """Refuse a new record that says something its author may not.

    Raises:
        Forbidden: FIELD_NOT_WRITABLE.
    """
    if kept := call.fields(noun).unwritable:
        _refuse((p for p in kept if is_given(record, p)), noun)


def check_writable(names: Iterable[str], noun: str, call: Call) -> None:
    """Refuse fields that somebody may not write.

    Raises:
        Forbidden: FIELD_NOT_WRITABLE.
    """
    kept = call.fields(noun).unwritable
    _refuse((p for p in kept if p.partition(".")[0] in names), noun)


def _refuse(paths: Iterable[str], noun: str) -> None:
    for path in sorted(paths):
        raise errors.Forbidden("FIELD_NOT_WRITABLE", field=path, resource=noun)
