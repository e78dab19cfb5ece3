"""Who is calling and what they may do: callers, tokens, permissions and their reach."""

from chassis.access.caller import Caller
from chassis.access.directory import Directory, TenantProfile, UserAccess
from chassis.access.grants import EVERYTHING, Grant, Grants, Reach, Scope
from chassis.access.tokens import Claims, KeyRing, TokenReader, new_key_pair
from chassis.access.tree import Tree

__all__ = [
    "EVERYTHING",
    "Caller",
    "Claims",
    "Directory",
    "Grant",
    "Grants",
    "KeyRing",
    "Reach",
    "Scope",
    "TenantProfile",
    "TokenReader",
    "Tree",
    "UserAccess",
    "new_key_pair",
]
