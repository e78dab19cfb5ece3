"""The surroundings of a write built by hand."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from chassis import errors
from chassis.access import Caller, TenantProfile, Tree
from chassis.resources import Around

NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
TENANT = TenantProfile("t", "CNY", "Asia/Shanghai", 1, Tree({"top": ""}))


@pytest.fixture
def around() -> Callable[..., Around]:
    """Give what surrounds a write to a record that refers to these, by field."""
    return lambda **referred: Around(Caller("t", user_id="u"), NOW, TENANT, referred=referred)


@pytest.fixture
def refused() -> Callable[..., list[tuple[str, str]]]:
    """Give the fields a rule refuses, with the reasons."""

    def run(rule: Callable[..., None], *arguments: Any) -> list[tuple[str, str]]:
        with pytest.raises(errors.Invalid) as caught:
            rule(*arguments)
        return [(violation.path, violation.reason) for violation in caught.value.violations]

    return run
