"""FieldRule: what a role keeps of a noun's records from those who hold it (PLT-16)."""

from collections.abc import Iterator

from banyan.identity.v1 import role_pb2

from chassis.access import Grant, Grants, Scope
from chassis.access.contract import plain_rule
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.errors import FieldViolation
from chassis.json.wellknown import snake
from chassis.resources import Noun
from chassis.resources.kinds import nouns
from chassis.resources.noun import HEADER_FIELDS


def wrong_parts(rule: role_pb2.FieldRule, path: str) -> list[FieldViolation]:
    """Name what of a rule speaks of nothing there is, or of what cannot be done without.

    Whose a record is, and what people know it by, cannot be kept: everything that shows a record
    stands on it.
    """
    noun = next((n for n in nouns().values() if n.name == rule.resource), None)
    if noun is None:
        found = {"found": rule.resource}
        return [FieldViolation(f"{path}.resource", "UNKNOWN_RESOURCE", metadata=found)]
    wrong: list[FieldViolation] = []
    for place, name in enumerate(rule.fields):
        if reason := _wrong_field(name, noun):
            told = {"field": name, "resource": rule.resource}
            wrong.append(FieldViolation(f"{path}.fields[{place}]", reason, metadata=told))
    return wrong


def _wrong_field(name: str, noun: Noun) -> str:
    if name.startswith(f"{CUSTOM_FIELDS}.") and key_of(name):
        return "" if CUSTOM_FIELDS in noun.fields else "UNKNOWN_FIELD"
    if name not in noun.fields:
        return "UNKNOWN_FIELD"
    kept = {noun.options.title, noun.tree_parent, noun.part_of, *noun.options.category_fields}
    return "FIELD_NEEDED" if name in HEADER_FIELDS - {CUSTOM_FIELDS} | kept else ""


def contract_name(name: str) -> str:
    """Name a field as the contract does: ``closeDate`` is ``close_date``."""
    key = key_of(name)
    return f"{CUSTOM_FIELDS}.{key}" if key else snake(name)


def shows_more(role: role_pb2.Role, giver: Grants) -> Iterator[tuple[str, str]]:
    """Give noun and field of what a role opens although it is kept from who would give it."""
    granted = [Grant(p.resource, p.action, Scope.ALL) for p in role.permissions]
    rules = [plain_rule(rule, "") for rule in role.field_rules]
    holder = Grants("", granted, giver.tree, (), rules)
    for resource in sorted({rule.resource for rule in giver.field_rules}):
        mine, theirs = giver.fields(resource), holder.fields(resource)
        if holder.reach(resource, "read") is not None:
            yield from ((resource, path) for path in sorted(mine.hidden - theirs.hidden))
        if any(
            grant.action != "read" and grant.matches(resource, grant.action) for grant in granted
        ):
            opened = mine.unwritable - theirs.unwritable
            yield from ((resource, path) for path in sorted(opened))
