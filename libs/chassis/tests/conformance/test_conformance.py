"""Every noun of every installed service passes the suite; a noun outside it fails here."""

import importlib

import pytest
from google.api import resource_pb2

from chassis.hosting import installed_services
from chassis.rpc.registry import contract
from chassis.testing.conformance import CHECKS, Subject, checks_of
from chassis.testing.samples import samples_for

for _part in ("rights", "trials"):  # their checks belong to the suite
    importlib.import_module(f"chassis.testing.{_part}")
NOUNS = {noun.name: noun for service in installed_services().values() for noun in service.nouns}
# One of each shape goes over the wire too: a record, a tree, an aggregate.
SHAPES = ("party.Source", "identity.OrgUnit", "sales.Opportunity")
CASES = [
    (name, check, wire)
    for name, noun in NOUNS.items()
    for check in checks_of(noun)
    for wire in ((False, True) if name in SHAPES else (False,))
]


@pytest.mark.parametrize(
    ("name", "check", "wire"),
    CASES,
    ids=[f"{name}-{check}-{'wire' if wire else 'local'}" for name, check, wire in CASES],
)
async def test_noun(world, name, check, wire):
    admin = await world.person(await world.tenant())
    samples = await samples_for(NOUNS[name], world, admin)
    await CHECKS[check][1](Subject(NOUNS[name], world, admin, wire, samples))


def test_no_noun_of_the_contract_is_left_out():
    in_contract = {
        message.GetOptions().Extensions[resource_pb2.resource].type.replace(".banyan/", ".")
        for service in contract()
        for message in service.file.message_types_by_name.values()
        if message.GetOptions().HasExtension(resource_pb2.resource)
    }
    assert in_contract == set(NOUNS)


@pytest.mark.parametrize("name", NOUNS)
def test_a_missing_verb_has_a_reason(name):
    noun = NOUNS[name]
    verbs = {method.verb for method in noun.rpcs}
    wanted = {"Get", "List", "Create", "Update", "Delete"}
    if "Create" in verbs and not noun.part_of:
        wanted |= {"Share"}
    assert wanted - verbs == set(noun.without)
