"""OrgUnit: the tree of who belongs where, the OBS (PLT-33, FIN-02)."""

import datetime
from typing import Any

from banyan.identity.v1 import org_unit_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Tree
from chassis.resources import Noun, Resources
from chassis.resources.tree import parents_on
from chassis.rpc import Call


async def read_tree(here: Resources, request: Any, call: Call) -> Message:
    """Give the units as they stood on a day, from the top down, as far as the caller sees them.

    Raises:
        Invalid: INVALID_DATE.
    """
    units = here[org_unit_pb2.OrgUnit]
    assert units.tree is not None
    day = _day(request.as_of, call)
    parents = parents_on(await units.tree.edges(call.tenant_id), day)
    reach = call.reach(units.noun.name, "read")
    known = {unit.id: unit for unit in await units.store.where(call.tenant_id, "true")}
    answer = org_unit_pb2.ReadOrgTreeResponse()
    tree = Tree(parents)
    for node in sorted(parents, key=lambda node: (len(tree.ancestors(node)), node)):
        unit = known[node]
        ended = call.profile.day_of(unit.delete_time.ToDatetime(datetime.UTC))
        deleted = unit.HasField("delete_time") and ended <= day
        if not deleted and reach and reach.covers(unit):
            answer.nodes.add(id=node, org_unit_id=parents[node], name=unit.name, kind=unit.kind)
    return answer


def _day(text: str, call: Call) -> datetime.date:
    if not text:
        return call.today
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise errors.invalid_field("as_of", "INVALID_DATE") from None


ORG_UNIT = Noun(
    org_unit_pb2.OrgUnit,
    methods={"ReadOrgTree": read_tree},
    without={"Share": "everybody in the firm may see it"},
)
