"""The surroundings of a write, built by hand."""

import datetime

import pytest

from chassis.access import Caller, TenantProfile, Tree
from chassis.resources import Around

# Late in the evening in London it is the next day in Shanghai.
NOW = datetime.datetime(2026, 3, 14, 20, tzinfo=datetime.UTC)
TENANT = TenantProfile("t", "CNY", "Asia/Shanghai", 1, Tree({"top": ""}))


@pytest.fixture
def around() -> Around:
    """Somebody writes on the evening of the 14th of March 2026, UTC, for a firm in Shanghai."""
    return Around(Caller("t", user_id="u"), NOW, TENANT)
