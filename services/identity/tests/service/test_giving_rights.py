"""Nobody gives categories they do not reach, or fields they do not see (PLT-16, CAT-10)."""

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from banyan.identity.v1 import role_pb2

from chassis import errors
from chassis.testing import Person

CATEGORY = role_pb2.Permission.SCOPE_CATEGORY
HIDDEN, READ_ONLY = role_pb2.FieldRule.ACCESS_HIDDEN, role_pb2.FieldRule.ACCESS_READ_ONLY
# Who gives roles may do so everywhere.
GIVING = ("identity.Role", "identity.RoleAssignment", "identity.User")


async def refusal(attempt: Any) -> str:
    with pytest.raises(errors.Error) as caught:
        await attempt
    return caught.value.reason


def permission(action: str, *categories: str) -> dict[str, Any]:
    return {
        "resource": "catalog.Product", "action": action, "scope": CATEGORY,
        "category_ids": categories,
    }  # fmt: skip


@dataclass
class Giver:
    """A lead who does everything with the products of a category, and gives roles."""

    firm: Any
    lead: Person
    mine: str
    below: str
    other: str

    async def category(self, **fields: Any) -> str:
        return await category(self.firm, **fields)

    async def role(self, person: Person | None, *permissions: Any, **fields: Any) -> Any:
        name = f"role {len(self.firm.calls)}"
        made = {"name": name, "permissions": permissions, **fields}
        return await self.firm.call("CreateRole", person, role=made)

    async def assign(self, person: Person | None, role: Any, *categories: str) -> Any:
        user = await self.firm.user()
        made = {"user_id": user.id, "role_id": role.id, "org_unit_id": self.firm.top}
        made["category_ids"] = categories
        return await self.firm.call("CreateRoleAssignment", person, role_assignment=made)


async def category(firm: Any, name: str, **fields: Any) -> str:
    made = {"name": name} | fields
    return (await firm.call("CreateProductCategory", product_category=made)).id


@pytest_asyncio.fixture
async def giver(firm) -> Giver:
    mine, other = await category(firm, "mine"), await category(firm, "other")
    below = await category(firm, "below", parent_product_category_id=mine)
    lead = await firm.person(*((noun, "*", "all") for noun in GIVING))
    found = Giver(firm, lead, mine, below, other)
    role = await found.role(None, permission("*"))
    held = {"user_id": lead.user_id, "role_id": role.id, "org_unit_id": firm.top}
    await firm.call("CreateRoleAssignment", role_assignment=held | {"category_ids": [mine]})
    return found


async def test_one_gives_the_categories_one_has_and_those_below(giver):
    open_role = await giver.role(giver.lead, permission("read"))
    for given in ((giver.mine,), (giver.below,), (giver.mine, giver.below)):
        await giver.assign(giver.lead, open_role, *given)
    await giver.assign(giver.lead, await giver.role(giver.lead, permission("*", giver.below)))


async def test_nobody_gives_a_category_they_do_not_have(giver):
    open_role = await giver.role(giver.lead, permission("read"))
    attempt = giver.assign(giver.lead, open_role, giver.below, giver.other)
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
    attempt = giver.role(giver.lead, permission("read", giver.other))
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
    closed = await giver.role(None, permission("read", giver.other))
    assert await refusal(giver.assign(giver.lead, closed)) == "MORE_THAN_ONE_HAS"
    held = await giver.assign(giver.lead, open_role, giver.mine)
    more = {"id": held.id, "category_ids": [giver.mine, giver.other]}
    attempt = giver.firm.call(
        "UpdateRoleAssignment", giver.lead, role_assignment=more,
        update_mask={"paths": ["category_ids"]},
    )  # fmt: skip
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
    everything = {"resource": "catalog.Product", "action": "read", "scope": "SCOPE_OWN"}
    assert await refusal(giver.role(giver.lead, everything)) == "MORE_THAN_ONE_HAS"


async def test_nobody_widens_what_others_hold_in_categories_one_does_not_have(giver):
    """As a role that is held elsewhere in the tree is widened only by who may everywhere."""
    role = await giver.role(None, permission("read"))
    await giver.assign(None, role, giver.other)
    wider = {"id": role.id, "permissions": [permission("*")]}
    attempt = giver.firm.call(
        "UpdateRole", giver.lead, role=wider, update_mask={"paths": ["permissions"]}
    )
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"


async def test_categories_are_named_where_a_permission_reaches_by_them(giver):
    wrong = permission("read", giver.mine) | {"scope": "SCOPE_ALL"}
    with pytest.raises(errors.Invalid) as caught:
        await giver.role(None, wrong)
    assert [(v.path, v.reason) for v in caught.value.violations] == [
        ("role.permissions[0].category_ids", "ONLY_WITH_CATEGORY")
    ]


# --- fields


def rule(*fields: str, access: Any = HIDDEN) -> dict[str, Any]:
    return {"resource": "party.Source", "fields": fields, "access": access}


def reading(action: str = "read") -> dict[str, Any]:
    return {"resource": "party.Source", "action": action, "scope": "SCOPE_ALL"}


@pytest_asyncio.fixture
async def blind(giver) -> Person:
    """Give somebody who reads and writes sources but for two fields, and gives roles."""
    kept = [rule("note"), rule("kind", access=READ_ONLY)]
    role = await giver.role(None, reading("*"), field_rules=kept)
    person = await giver.firm.person(*((noun, "*", "all") for noun in GIVING))
    await giver.firm.assign(person.user_id, role.id)
    return person


async def test_nobody_gives_sight_of_a_field_that_is_hidden_from_them(giver, blind):
    for permissions, rules, wanted in (
        ([reading()], [], "MORE_THAN_ONE_SEES"),
        ([reading()], [rule("kind")], "MORE_THAN_ONE_SEES"),
        ([reading()], [rule("note", access=READ_ONLY)], "MORE_THAN_ONE_SEES"),
        ([reading("*")], [rule("note")], "MORE_THAN_ONE_SEES"),
        ([reading()], [rule("note")], ""),
        ([reading("*")], [rule("note", "kind")], ""),
        ([reading("*")], [rule("note"), rule("kind", access=READ_ONLY)], ""),
    ):
        attempt = giver.role(blind, *permissions, field_rules=rules)
        if wanted:
            assert await refusal(attempt) == wanted, (permissions, rules)
        else:
            assert (await attempt).name
    open_role = await giver.role(None, reading())
    assert await refusal(giver.assign(blind, open_role)) == "MORE_THAN_ONE_SEES"


async def test_what_is_kept_is_said_to_whom_it_is_kept_from(giver, blind):
    """PLT-16: by ReadSelf and by an explanation alike, and no more when another role gives it."""
    firm = giver.firm
    found = (await firm.call("ReadSelf", blind)).field_rules
    assert [(r.resource, list(r.fields), r.access) for r in found] == [
        ("party.Source", ["note"], HIDDEN), ("party.Source", ["kind"], READ_ONLY),
    ]  # fmt: skip
    asked = {"user_id": blind.user_id, "resource": "party.Source", "action": "read"}
    told = await firm.call("ExplainAccess", **asked)
    assert (list(told.hidden_fields), list(told.read_only_fields)) == (["note"], ["kind"])
    await firm.assign(blind.user_id, (await giver.role(None, reading())).id)
    told = await firm.call("ExplainAccess", **asked)
    assert (list(told.hidden_fields), list(told.read_only_fields)) == ([], ["kind", "note"])


async def test_a_rule_about_what_is_not_there_or_needed_is_refused(giver):
    wrong = rule("note", "colour", "name", "owner_user_id", "custom_fields.margin", "id")
    unknown = {"resource": "party.Sauce", "fields": ["note"], "access": HIDDEN}
    product = {"resource": "catalog.Product", "access": HIDDEN, "fields": ["product_category_id"]}
    with pytest.raises(errors.Invalid) as caught:
        await giver.role(None, reading(), field_rules=[wrong, unknown, product])
    place = "role.field_rules"
    assert [(v.path, v.reason) for v in caught.value.violations] == [
        (f"{place}[0].fields[1]", "UNKNOWN_FIELD"),
        (f"{place}[0].fields[2]", "FIELD_NEEDED"),
        (f"{place}[0].fields[3]", "FIELD_NEEDED"),
        (f"{place}[0].fields[5]", "FIELD_NEEDED"),
        (f"{place}[1].resource", "UNKNOWN_RESOURCE"),
        (f"{place}[2].fields[0]", "FIELD_NEEDED"),
    ]


async def test_a_field_rule_is_written_as_people_read_fields(giver):
    """PLT-16: in either spelling, and kept in one; also when the role is changed."""
    about = {"resource": "sales.Opportunity", "access": HIDDEN}
    given = about | {"fields": ["closeDate", "customFields.seats", "note"]}
    role = await giver.role(None, reading(), field_rules=[given])
    assert list(role.field_rules[0].fields) == ["close_date", "custom_fields.seats", "note"]
    changed = {"id": role.id, "field_rules": [about | {"fields": ["weightedAmount"]}]}
    found = await giver.firm.call(
        "UpdateRole", role=changed, update_mask={"paths": ["field_rules"]}
    )
    assert [list(r.fields) for r in found.field_rules] == [["weighted_amount"]]
