"""Who is calling and what they may do: callers, tokens, permissions and their reach."""

from chassis.access.caller import Caller
from chassis.access.directory import Directory, TenantProfile, UserAccess
from chassis.access.fields import ALL_FIELDS, FieldAccess, FieldRule
from chassis.access.grants import EVERYTHING, SHARES, Grant, Grants, Reach, Scope, categories_of
from chassis.access.tokens import Claims, KeyRing, TokenReader, new_key_pair
from chassis.access.tree import Tree
from chassis.access.withheld import conceal, is_given, with_titles

__all__ = [
    "ALL_FIELDS",
    "EVERYTHING",
    "SHARES",
    "Caller",
    "Claims",
    "Directory",
    "FieldAccess",
    "FieldRule",
    "Grant",
    "Grants",
    "KeyRing",
    "Reach",
    "Scope",
    "TenantProfile",
    "TokenReader",
    "Tree",
    "UserAccess",
    "categories_of",
    "conceal",
    "is_given",
    "new_key_pair",
    "with_titles",
]
