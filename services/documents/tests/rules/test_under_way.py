"""What a try that died has written is told from what it was only about to write (PLT-19)."""

from typing import Any

import pytest
from banyan.party.v1 import organization_pb2

from documents.imports.under_way import intended, is_written

_ID = "01a20d32-31d4-76a6-9740-af4a32836846"


def firm(**fields: Any) -> organization_pb2.Organization:
    return organization_pb2.Organization(**{"id": _ID, "etag": "4", "name": "Old"} | fields)


def effect(there: Any = None, *paths: str, **fields: Any) -> Any:
    return intended("party.Organization", firm(**fields), there, paths)


def test_what_was_not_there_and_is_now_was_made():
    assert is_written(effect(), firm(etag="1"))
    assert not is_written(effect(), None)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, False),
        ({"etag": "5", "name": "New", "employee_count": 7}, True),
        # Somebody else was faster: a change is written as the next version or not at all.
        ({"etag": "5", "name": "Theirs"}, False),
        # Somebody touched it since; what else the row said is still there.
        ({"etag": "6", "name": "Theirs", "employee_count": 7}, True),
        # It cannot be ours: the version is the one from before.
        ({"name": "New", "employee_count": 7}, False),
    ],
)
def test_a_change_was_written_where_the_next_version_says_what_the_row_says(found, told):
    change = effect(firm(), "name", "employee_count", name="New", employee_count=7)
    assert is_written(change, firm(**found)) is told


def test_amounts_are_the_same_however_they_are_written():
    money = {"currency_code": "CNY", "amount": "1.50"}
    change = effect(firm(), "annual_revenue", annual_revenue=money)
    assert is_written(change, firm(etag="5", annual_revenue=money | {"amount": "1.5"}))


def test_what_is_gone_was_not_changed():
    assert not is_written(effect(firm(), "name", name="New"), None)
