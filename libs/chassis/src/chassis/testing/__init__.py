"""Tests on real parts: a world of PostgreSQL, NATS and all installed services, and the suite every
noun passes.
"""

from chassis.testing.attempts import refusal, refused, until
from chassis.testing.samples import Samples
from chassis.testing.world import Person, World, open_world

__all__ = ["Person", "Samples", "World", "open_world", "refusal", "refused", "until"]
