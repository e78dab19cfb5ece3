"""What people may do: for the services that enforce it, and for people who wonder (PLT-16)."""

import datetime
from collections.abc import Sequence
from typing import Any

from banyan.api.v1 import options_pb2
from banyan.identity.v1 import (
    access_pb2,
    org_unit_pb2,
    position_pb2,
    role_assignment_pb2,
    role_pb2,
    tenant_pb2,
    user_pb2,
)
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import EVERYTHING, SHARES, Grant, Grants, Reach, Scope, TenantProfile, Tree
from chassis.access.contract import plain_access
from chassis.resources import Resources
from chassis.rpc import Call
from chassis.rpc.registry import contract_methods
from identity.category import include_below
from identity.edition import chain_of
from identity.modules import installed, narrowed_grants
from identity.position import home_unit, units_held
from identity.role import actions
from identity.role_assignment import grants_of, rules_of

_OPEN = """
SELECT 1 FROM identity.session WHERE id = $1 AND user_id = $2
   AND revoke_time IS NULL AND expire_time > now()
UNION ALL SELECT 1 FROM identity.api_key WHERE id = $1 AND user_id = $2
   AND (expire_time IS NULL OR expire_time > now())
UNION ALL SELECT 1 FROM identity.api_client WHERE id = $1 AND user_id = $2
   AND NOT disabled AND delete_time IS NULL
"""
_Finding = access_pb2.ExplainAccessResponse


async def get_user_access(here: Resources, request: Any, call: Call) -> Message:
    """Give what a person may do in a session; an unknown person is not active."""
    return await access_of(here, request)


async def access_of(
    here: Resources, request: access_pb2.GetUserAccessRequest
) -> access_pb2.UserAccess:
    """Gather a person's standing: active, home unit, language, every grant."""
    tenant_id, user_id = request.tenant_id, request.user_id
    user = await here[user_pb2.User].store.find(tenant_id, user_id, EVERYTHING)
    tenant = await here[tenant_pb2.Tenant].store.find(tenant_id, tenant_id, EVERYTHING)
    if user is None or tenant is None or not await _may_act(here, user, request):
        return access_pb2.UserAccess()
    assignments = await here[role_assignment_pb2.RoleAssignment].store.where(
        tenant_id, "t.user_id = $1::uuid", user_id
    )
    roles = await _roles(here, tenant_id, [a.role_id for a in assignments])
    positions = await here[position_pb2.Position].store.where(
        tenant_id, "t.user_id = $1::uuid", user_id
    )
    day = _profile(tenant, ()).day_of(datetime.datetime.now(datetime.UTC))
    home = home_unit(positions, day) or user.org_unit_id
    grants = grants_of(assignments, roles, day)
    await include_below(here, tenant_id, grants)
    return access_pb2.UserAccess(
        active=True,
        version=_version((user, *assignments, *roles.values())),
        org_unit_id=home,
        language=user.language or tenant.language,
        grants=grants,
        org_unit_ids={home, *units_held(positions, day)} - {""},
        field_rules=rules_of(grants, roles),
    )


async def _may_act(
    here: Resources, user: user_pb2.User, request: access_pb2.GetUserAccessRequest
) -> bool:
    if user.HasField("delete_time") or user.HasField("disable_time"):
        return False
    if not request.session_id:
        return True
    found = await here.database.read(request.tenant_id, _OPEN, request.session_id, request.user_id)
    return bool(found)


async def _roles(
    here: Resources, tenant_id: str, role_ids: Sequence[str]
) -> dict[str, role_pb2.Role]:
    found = await here[role_pb2.Role].store.where(
        tenant_id, "t.id = ANY($1::uuid[])", list(set(role_ids))
    )
    return {role.id: role for role in found}


def _version(records: Sequence[Any]) -> int:
    """Give a number that grows whenever one of these changes: the last change in microseconds.

    Nothing it is made of is ever removed from the table, so it cannot fall.
    """
    return max(record.update_time.ToMicroseconds() for record in records)


async def get_tenant_profile(here: Resources, request: Any, call: Call) -> Message:
    """Give a tenant's settings, its units, deleted ones included, and what is on.

    Raises:
        NotFound: there is no such tenant.
    """
    tenant_id = request.tenant_id
    tenant = await here[tenant_pb2.Tenant].store.get(tenant_id, tenant_id, EVERYTHING)
    answer = access_pb2.TenantProfile(
        tenant_id=tenant_id,
        currency_code=tenant.currency_code,
        time_zone=tenant.time_zone,
        fiscal_year_start_month=tenant.fiscal_year_start_month,
        language=tenant.language,
        modules=installed().states(await modules_on(here, tenant)),
    )
    for unit in await here[org_unit_pb2.OrgUnit].store.where(tenant_id, "true"):
        answer.units.add(
            id=unit.id,
            org_unit_id=unit.org_unit_id,
            kind=unit.kind,
            deleted=unit.HasField("delete_time"),
        )
    return answer


async def modules_on(here: Resources, tenant: tenant_pb2.Tenant) -> set[str]:
    """Name the modules that are on for a tenant."""
    return installed().on(tenant, await chain_of(here, tenant))


def _profile(tenant: tenant_pb2.Tenant, units: Sequence[org_unit_pb2.OrgUnit]) -> TenantProfile:
    tree = Tree({unit.id: unit.org_unit_id for unit in units})
    return TenantProfile(
        tenant.id,
        tenant.currency_code,
        tenant.time_zone,
        tenant.fiscal_year_start_month,
        tree,
    )


async def read_self(here: Resources, request: Any, call: Call) -> Message:
    """Give the caller's own record, their firm's, and what they may do."""
    user_id = call.caller.user_id
    asked = access_pb2.GetUserAccessRequest(
        tenant_id=call.tenant_id, user_id=user_id, session_id=call.caller.session_id
    )
    access = await access_of(here, asked)
    tenant = await here[tenant_pb2.Tenant].store.get(call.tenant_id, call.tenant_id, EVERYTHING)
    on = await modules_on(here, tenant)
    return access_pb2.ReadSelfResponse(
        user=await here[user_pb2.User].store.get(call.tenant_id, user_id, EVERYTHING),
        tenant=tenant,
        org_unit_id=access.org_unit_id,
        grants=narrowed_grants(access.grants, installed(), on, actions()),
        modules=installed().states(on),
        field_rules=_kept_from(plain_access(access).compiled(user_id, call.profile.tree)),
    )


def _kept_from(held: Grants) -> list[role_pb2.FieldRule]:
    """Say which fields all roles of a person together keep from them, by noun."""
    found: list[role_pb2.FieldRule] = []
    for resource in sorted({rule.resource for rule in held.field_rules}):
        kept = held.fields(resource)
        for access, fields in (
            (role_pb2.FieldRule.ACCESS_HIDDEN, kept.hidden),
            (role_pb2.FieldRule.ACCESS_READ_ONLY, kept.unwritable - kept.hidden),
        ):
            if fields:
                rule = role_pb2.FieldRule(resource=resource, fields=sorted(fields), access=access)
                found.append(rule)
    return found


async def explain_access(here: Resources, request: Any, call: Call) -> Message:
    """Say which rule allows an action, or why none does and which roles would.

    Raises:
        Forbidden: asking about others needs the action explain on identity.Access.
        Invalid: UNKNOWN_RESOURCE.
        NotFound: the record is not there for the caller.
    """
    user_id = request.user_id or call.caller.user_id
    if user_id != call.caller.user_id and call.reach("identity.Access", "explain") is None:
        raise errors.Forbidden("PERMISSION_DENIED", action="explain", resource="identity.Access")
    record = await _record(request, call) if request.record_id else None
    asked = access_pb2.GetUserAccessRequest(tenant_id=call.tenant_id, user_id=user_id)
    access = await access_of(here, asked)
    roles: list[role_pb2.Role] = []
    if call.reach("identity.Role", "read") is not None:
        roles = await here[role_pb2.Role].store.where(call.tenant_id, "t.delete_time IS NULL")
    answer = explained(request, user_id, access, record, roles, call.profile.tree)
    tenant = await here[tenant_pb2.Tenant].store.get(call.tenant_id, call.tenant_id, EVERYTHING)
    module = installed().module_of(request.resource)
    if module not in await modules_on(here, tenant):
        answer.allowed, answer.module_off = False, module
    return answer


def explained(
    request: access_pb2.ExplainAccessRequest,
    user_id: str,
    access: access_pb2.UserAccess,
    record: Any,
    roles: Sequence[role_pb2.Role],
    tree: Tree,
) -> access_pb2.ExplainAccessResponse:
    """Judge every rule that speaks of an action.

    Args:
        record: the one it is about; None when it is about any record.
        roles: the tenant's, for what would allow it.
    """
    held = plain_access(access).compiled(user_id, tree)
    kept = held.fields(request.resource)
    answer = access_pb2.ExplainAccessResponse(
        inactive=not access.active,
        hidden_fields=sorted(kept.hidden),
        read_only_fields=sorted(kept.unwritable - kept.hidden),
    )
    for grant, plain in zip(access.grants, held.all, strict=True):
        if plain.matches(request.resource, request.action):
            finding = _finding(plain, held, request, record)
            answer.rules.add(finding=finding, grant=grant)
    answer.rules.sort(key=lambda rule: rule.finding)
    answer.allowed = any(rule.finding == _Finding.FINDING_ALLOWS for rule in answer.rules)
    if not answer.allowed:
        for role in roles:
            for permission in role.permissions:
                would = Grant(permission.resource, permission.action, Scope.ALL)
                if would.matches(request.resource, request.action):
                    answer.rules.add(
                        finding=_Finding.FINDING_WOULD_ALLOW,
                        grant=access_pb2.Grant(
                            permission=permission, role_id=role.id, role_name=role.name
                        ),
                    )
    return answer


_OUT_OF = {
    Scope.OWN: _Finding.FINDING_NOT_OWNER,
    Scope.UNIT: _Finding.FINDING_OUTSIDE_UNITS,
    Scope.SUBTREE: _Finding.FINDING_OUTSIDE_UNITS,
    Scope.SHARED: _Finding.FINDING_NOT_SHARED,
    Scope.CATEGORY: _Finding.FINDING_OUTSIDE_CATEGORIES,
}


def _finding(
    grant: Grant, held: Grants, asked: access_pb2.ExplainAccessRequest, record: Any
) -> access_pb2.ExplainAccessResponse.Finding.ValueType:
    """Judge one permission by itself."""
    alone = Grants(held.user_id, [grant], held.tree, held.units)
    reach = alone.reach(asked.resource, asked.action) or Reach()
    if record is None or reach.covers(record):
        return _Finding.FINDING_ALLOWS
    return _OUT_OF[grant.scope]


async def _record(request: Any, call: Call) -> Any:
    """Read what says whose a record is, with the rights of whoever asks."""
    get = next(
        (m for m in contract_methods() if m.verb == "Get" and m.resource == request.resource), None
    )
    if get is None:
        raise errors.invalid_field("resource", "UNKNOWN_RESOURCE", found=request.resource)
    message = get.response_type.DESCRIPTOR
    options: Any = message.GetOptions()
    wanted = {
        *("owner_user_id", "org_unit_id", SHARES),
        *options.Extensions[options_pb2.noun].category_fields,
    }
    paths = [name for name in message.fields_by_name if name in wanted]
    mask = field_mask_pb2.FieldMask(paths=["id", *paths])
    channel: Any = call.channels.to(get.service)
    request_type: Any = get.request_type
    return await channel.unary_unary(get.path)(request_type(id=request.record_id, read_mask=mask))


ACCESS = "/banyan.identity.v1.AccessService/"
METHODS = {
    f"{ACCESS}GetUserAccess": get_user_access,
    f"{ACCESS}GetTenantProfile": get_tenant_profile,
    f"{ACCESS}ExplainAccess": explain_access,
    f"{ACCESS}ReadSelf": read_self,
}
