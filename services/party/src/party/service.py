"""Composition root of party."""

from chassis.hosting import Service
from party.source import SOURCE

SERVICE = Service("party", nouns=(SOURCE,))
