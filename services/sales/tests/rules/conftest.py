"""A pipeline, and the surroundings of a write built by hand."""

import datetime
from typing import Any

import pytest
from banyan.sales.v1 import pipeline_pb2

from chassis.access import Caller, Grants, TenantProfile, Tree
from chassis.resources import Around
from sales.pipeline import LOST, OPEN, WON

# Late in the evening in London it is the next day in Shanghai.
NOW = datetime.datetime(2026, 3, 14, 20, tzinfo=datetime.UTC)
TENANT = TenantProfile("t", "CNY", "Asia/Shanghai", 1, Tree({"top": ""}))


class Scene:
    """The pipeline most tests use, and what surrounds a deal in it."""

    def __init__(self) -> None:
        stages = [
            ("new", OPEN, 10), ("proposed", OPEN, 33), ("agreed", OPEN, 90),
            ("won", WON, 100), ("signed", WON, 100), ("lost", LOST, 0), ("gone", LOST, 0),
        ]  # fmt: skip
        self.pipeline = pipeline_pb2.Pipeline(name="Direct sales")
        for key, outcome, probability in stages:
            self.pipeline.stages.add(
                key=key, name=key.title(), outcome=outcome, probability=probability
            )

    def rule(self, key: str, rule: str, hint: str = "") -> None:
        """Give a stage an entry rule."""
        stage = next(stage for stage in self.pipeline.stages if stage.key == key)
        stage.entry_rule, stage.entry_hint = rule, hint

    def odds(self, key: str, probability: int) -> None:
        """Give a stage other odds."""
        next(s for s in self.pipeline.stages if s.key == key).probability = probability

    def around(self, *grants: Any, service: bool = False) -> Around:
        """Give what surrounds a write of a person with these rights, or of a service."""
        held = None if service else Grants("u", grants, TENANT.tree)
        caller = Caller("t", service="sales") if service else Caller("t", user_id="u")
        return Around(caller, NOW, TENANT, held, {"pipeline_id": self.pipeline})


@pytest.fixture
def scene() -> Scene:
    return Scene()
