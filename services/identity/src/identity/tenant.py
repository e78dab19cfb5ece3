"""Tenant: a firm that uses this installation, and how one is founded (PLT-34)."""

from typing import Any

import uuid_utils
from banyan.identity.v1 import (
    legal_entity_pb2,
    org_unit_pb2,
    role_assignment_pb2,
    role_pb2,
    tenant_pb2,
    user_pb2,
)
from google.protobuf.message import Message

from chassis.access import Caller, TenantProfile, Tree
from chassis.resources import Around, Hooks, Noun, Resources, unique
from chassis.rpc import Call
from identity import passwords
from identity.edition import shipped_editions
from identity.modules import installed
from identity.role import ADMINISTRATOR, MEMBER
from identity.user import SET_HASH, check_time_zone


def validate(tenant: tenant_pb2.Tenant, _: Around) -> None:
    """Refuse a time zone nobody knows.

    Raises:
        Invalid: UNKNOWN_TIME_ZONE.
    """
    check_time_zone(tenant.time_zone, "tenant.time_zone")


def license_(tenant: tenant_pb2.Tenant, request: Any, _: Around) -> None:
    """Say which modules are on (PLT-05): settings only, whatever was recorded stays.

    Raises:
        Invalid: UNKNOWN_MODULE.
    """
    installed().check(request.modules, "modules")
    tenant.edition_id = request.edition_id
    tenant.modules[:] = request.modules


async def found(here: Resources, request: Any, call: Call) -> Message:
    """Found a firm: its top unit, a legal entity, two roles, the editions and an administrator.

    Raises:
        AlreadyExists: the slug, or a given id, is taken.
    """
    tenant: Any = tenant_pb2.Tenant()
    tenant.CopyFrom(request.tenant)
    tenant.id = tenant.id or str(uuid_utils.uuid7())
    tenant.fiscal_year_start_month = tenant.fiscal_year_start_month or 1
    records = _beginnings(request, tenant)
    own = call.acting_as(Caller(tenant.id, service=call.caller.service))
    # The firm begins on its own day: where that is not UTC's, it would have no tree until then.
    own.tenant = TenantProfile(
        tenant.id,
        tenant.currency_code,
        tenant.time_zone,
        tenant.fiscal_year_start_month,
        Tree({}),
    )
    around = [await here[type(r)].prepare_new(own, r, trusted=True) for r in records]
    password = request.administrator_password
    hashed = await passwords.hashed(password) if password else None
    async with here.database.transaction(tenant.id) as transaction:
        for record, known in zip(records, around, strict=True):
            await here[type(record)].add(own, record, known, transaction)
        await transaction.fetch(SET_HASH, records[2].id, hashed)
    return tenant_pb2.FoundTenantResponse(
        tenant=tenant,
        org_unit_id=records[1].id,
        user_id=records[2].id,
        legal_entity_id=records[3].id,
        administrator_role_id=records[4].id,
        member_role_id=records[5].id,
    )


def _beginnings(request: Any, tenant: tenant_pb2.Tenant) -> list[Any]:
    """Give the first records of a firm, in the order in which they refer to each other."""
    unit = org_unit_pb2.OrgUnit(
        id=_new_id(), name=tenant.name, kind=org_unit_pb2.OrgUnit.KIND_GROUP
    )
    user = user_pb2.User(
        id=request.administrator_user_id or _new_id(),
        display_name=request.administrator_name,
        email=request.administrator_email,
        org_unit_id=unit.id,
    )
    if request.administrator_password:
        user.password_time.GetCurrentTime()
    entity = legal_entity_pb2.LegalEntity(
        name=tenant.name, currency_code=tenant.currency_code, org_unit_id=unit.id
    )
    administrator, member = role_pb2.Role(), role_pb2.Role()
    administrator.CopyFrom(ADMINISTRATOR)
    member.CopyFrom(MEMBER)
    administrator.id, member.id = _new_id(), _new_id()
    assignment = role_assignment_pb2.RoleAssignment(
        user_id=user.id, role_id=administrator.id, org_unit_id=unit.id
    )
    editions = shipped_editions()
    return [tenant, unit, user, entity, administrator, member, assignment, *editions]


def _new_id() -> str:
    return str(uuid_utils.uuid7())


TENANT = Noun(
    tenant_pb2.Tenant,
    private_keys=(unique("slug", across_tenants=True),),
    hooks=Hooks(validate=validate),
    verbs={"LicenseTenant": license_},
    methods={"FoundTenant": found},
    without={
        "List": "one sees one's own firm only",
        "Create": "a firm is founded together with its first person (FoundTenant)",
        "Delete": "a firm leaves by export and erasure, not by a call",
    },
)
