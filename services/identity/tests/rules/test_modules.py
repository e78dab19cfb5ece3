"""What belongs to which module, and what is on (PLT-04, PLT-05)."""

import pytest
from banyan.identity.v1 import access_pb2, edition_pb2, tenant_pb2

from chassis import errors
from chassis.access import Scope
from identity.modules import Modules, installed, narrowed_grants
from identity.role import actions, new_permission

MODULES = Modules(
    {
        "base": ("party.*", "finance.TaxRule"),
        "finance": ("finance.*",),
        "partners": ("party.Partnership",),
        "sales": ("sales.*",),
    }
)
KNOWN = ["finance.Invoice", "finance.TaxRule", "party.Contact", "party.Partnership", "sales.Lead"]


@pytest.mark.parametrize(
    ("resource", "module"),
    [
        ("sales.Lead", "sales"),
        ("finance.Invoice", "finance"),
        ("finance.TaxRule", "base"),
        ("party.Contact", "base"),
        ("party.Partnership", "partners"),
        ("what.NobodyNames", "base"),
    ],
)
def test_a_noun_belongs_to_the_module_that_names_it_most_closely(resource, module):
    assert MODULES.module_of(resource) == module


def test_without_edition_and_modules_everything_is_on():
    assert MODULES.on(tenant_pb2.Tenant(), []) == {"base", "finance", "partners", "sales"}


def test_on_is_what_the_editions_and_the_tenant_name_and_what_is_never_off():
    """PLT-04: modules by themselves, beside an edition or without one."""
    alone = tenant_pb2.Tenant(modules=["sales"])
    assert MODULES.on(alone, []) == {"base", "sales"}
    editions = [edition_pb2.Edition(modules=["finance"]), edition_pb2.Edition(modules=["gone"])]
    assert MODULES.on(tenant_pb2.Tenant(edition_id="e"), editions) == {"base", "finance"}
    beside = tenant_pb2.Tenant(edition_id="e", modules=["sales"])
    assert MODULES.on(beside, editions) == {"base", "finance", "sales"}


@pytest.mark.parametrize(
    ("resource", "on", "left"),
    [
        ("*", {"base", "finance", "partners", "sales"}, ["*"]),
        ("*", {"base", "sales"}, ["finance.TaxRule", "party.Contact", "sales.*"]),
        ("finance.*", {"base"}, ["finance.TaxRule"]),
        ("party.*", {"base", "partners"}, ["party.*"]),
        ("sales.*", {"base"}, []),
        ("sales.Lead", {"base"}, []),
        ("sales.Lead", {"base", "sales"}, ["sales.Lead"]),
    ],
)
def test_a_permission_is_narrowed_to_what_is_on(resource, on, left):
    assert MODULES.narrowed(resource, on, KNOWN) == left


def test_a_narrowed_grant_keeps_all_but_its_resource():
    grant = access_pb2.Grant(
        permission=new_permission("*", "read", Scope.UNIT), org_unit_id="u", role_name="r"
    )
    tax, contact = narrowed_grants([grant], MODULES, {"base"}, KNOWN)
    assert (tax.permission.resource, contact.permission.resource) == (
        "finance.TaxRule",
        "party.Contact",
    )
    grant.permission.resource = "party.Contact"
    assert contact == grant


def test_unknown_modules_are_refused_each_at_its_place():
    MODULES.check(["sales", "finance"], "modules")
    with pytest.raises(errors.Invalid) as caught:
        MODULES.check(["sales", "nope", "base"], "modules")
    assert [(v.path, v.reason, v.metadata["found"]) for v in caught.value.violations] == [
        ("modules[1]", "UNKNOWN_MODULE", "nope"),
        ("modules[2]", "UNKNOWN_MODULE", "base"),
    ]


# --- as shipped


def test_nothing_is_named_by_two_modules():
    named = [name for names in installed().resources.values() for name in names]
    assert len(named) == len(set(named))


def test_every_noun_of_the_contract_has_a_module():
    """A new service says in editions.toml what it is licensed with."""
    named = {name for names in installed().resources.values() for name in names}
    missing = {name for name in actions() if f"{name.partition('.')[0]}.*" not in named}
    assert missing == set()


def test_people_units_files_and_organisations_are_always_on():
    resources = [name for name in actions() if installed().module_of(name) == "base"]
    services = {name.partition(".")[0] for name in resources}
    assert services == {"api", "identity", "studio", "documents", "party"}
