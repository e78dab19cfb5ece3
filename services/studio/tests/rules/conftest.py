"""The surroundings of a write, built by hand, and what a rule refuses with."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from chassis import errors
from chassis.access import Caller, Grant, Grants, Scope, TenantProfile, Tree
from chassis.resources import Around

NOW = datetime.datetime(2026, 3, 14, 20, tzinfo=datetime.UTC)
TENANT = TenantProfile("t", "CNY", "Asia/Shanghai", 4, Tree({"top": "", "team": "top"}))


@pytest.fixture
def around() -> Callable[..., Around]:
    """Make the surroundings of a write by somebody with these rights on views."""

    def made(*rights: tuple[str, Scope], **referred: Any) -> Around:
        grants = [Grant("studio.View", action, scope) for action, scope in rights]
        caller = Caller("t", user_id="u")
        return Around(caller, NOW, TENANT, Grants("u", grants, TENANT.tree), referred)

    return made


@pytest.fixture
def refused() -> Callable[..., list[tuple[str, str, dict[str, str]]]]:
    """Run a rule and give path, reason and metadata of all it finds wrong."""

    def found(rule: Callable[..., Any], *arguments: Any) -> list[tuple[str, str, dict[str, str]]]:
        with pytest.raises(errors.Invalid) as caught:
            rule(*arguments)
        return [(v.path, v.reason, v.metadata) for v in caught.value.violations]

    return found
