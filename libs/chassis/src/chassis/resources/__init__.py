"""From a noun's declaration to its table, its verbs, its changes.

The message says what a noun is; the noun file names only what differs. Everything else here follows
from the descriptor.
"""

from chassis.resources.around import Around
from chassis.resources.here import Resources
from chassis.resources.noun import Hooks, Noun, unique
from chassis.resources.query import Question
from chassis.resources.resource import Keep, Resource, advance
from chassis.resources.store import Store
from chassis.resources.table import metadata_of
from chassis.resources.titles import see_of

__all__ = [
    "Around",
    "Hooks",
    "Keep",
    "Noun",
    "Question",
    "Resource",
    "Resources",
    "Store",
    "advance",
    "metadata_of",
    "see_of",
    "unique",
]
