"""From a noun's declaration to its table, its verbs, its changes.

The message says what a noun is; the noun file names only what differs. Everything else here follows
from the descriptor.
"""

from chassis.resources.noun import Hooks, Noun, unique
from chassis.resources.resource import Resource
from chassis.resources.store import Store
from chassis.resources.table import metadata_of

__all__ = ["Hooks", "Noun", "Resource", "Store", "metadata_of", "unique"]
