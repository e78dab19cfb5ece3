"""What identity says about people and tenants, read from the contract's messages."""

from banyan.identity.v1 import access_pb2, org_unit_pb2, role_pb2

from chassis.access.directory import TenantProfile, UserAccess
from chassis.access.fields import FieldRule
from chassis.access.grants import Grant, Scope
from chassis.access.tree import Tree
from chassis.json import short_enum_name


def plain_access(found: access_pb2.UserAccess) -> UserAccess:
    """Read the contract's UserAccess."""
    grants = (
        Grant(
            grant.permission.resource,
            grant.permission.action,
            Scope(grant.permission.scope),
            grant.org_unit_id,
            grant.role_name,
            frozenset(grant.category_ids),
        )
        for grant in found.grants
    )
    return UserAccess(
        found.active,
        found.version,
        found.org_unit_id,
        found.language,
        tuple(grants),
        tuple(found.org_unit_ids),
        tuple(plain_rule(held.rule, held.role_name) for held in found.field_rules),
    )


def plain_rule(rule: role_pb2.FieldRule, role_name: str) -> FieldRule:
    """Read the contract's FieldRule."""
    hidden = rule.access == role_pb2.FieldRule.ACCESS_HIDDEN
    return FieldRule(role_name, rule.resource, frozenset(rule.fields), hidden)


def plain_profile(found: access_pb2.TenantProfile) -> TenantProfile:
    """Read the contract's TenantProfile."""
    kinds = org_unit_pb2.OrgUnit.Kind.DESCRIPTOR
    return TenantProfile(
        found.tenant_id,
        found.currency_code,
        found.time_zone,
        found.fiscal_year_start_month,
        Tree({unit.id: unit.org_unit_id for unit in found.units}),
        {
            unit.id: short_enum_name(kinds, org_unit_pb2.OrgUnit.Kind.Name(unit.kind))
            for unit in found.units
            if not unit.deleted
        },
        {
            resource: "" if module.on else module.key
            for module in found.modules
            for resource in module.resources
        },
    )
