"""What a rule may know beside the record in its hands."""

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from chassis.access import Caller, Grants, TenantProfile
from chassis.custom.definitions import NONE, Fields


@dataclass(frozen=True)
class Around:
    """The surroundings of one write; values only, so that a rule can be tested without anything.

    Attributes:
        now: the instant of the write, UTC.
        tenant: the tenant's profile; None before there is one.
        grants: what the person may do; None for a service acting as itself.
        referred: the records behind the noun's `reads`, by field.
        fields: the custom fields the firm has given to the noun, by key.
    """

    caller: Caller
    now: datetime.datetime
    tenant: TenantProfile | None = None
    grants: Grants | None = None
    referred: Mapping[str, Message] = field(default_factory=dict[str, Message])
    fields: Fields = field(default_factory=lambda: NONE)

    @property
    def today(self) -> datetime.date:
        """Give the day it is in the tenant's time zone."""
        return self.tenant.day_of(self.now) if self.tenant is not None else self.now.date()

    def of(self, tenant: TenantProfile | None, grants: Grants | None) -> "Around":
        """Give the same with what is known of the tenant and of rights by now."""
        return dataclasses.replace(self, tenant=tenant, grants=grants)

    def record(self, name: str) -> Any:
        """Give the record a reference field names, None where the field is empty."""
        return self.referred.get(name)
