"""The one who calls: a person, an API client, or a service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts, for whom, in which tenant.

    Attributes:
        tenant_id: the tenant everything in this call belongs to; "" only before sign-in.
        user_id: the person or API client; "" when a service acts by itself.
        session_id: the sign-in this call belongs to.
        service: the calling service when it acts as itself.
        on_behalf_of: the person a service acts for; for the audit, it grants nothing.
    """

    tenant_id: str = ""
    user_id: str = ""
    session_id: str = ""
    service: str = ""
    on_behalf_of: str = ""

    @property
    def is_service(self) -> bool:
        """Tell a service acting as itself from a person."""
        return bool(self.service)

    @property
    def person_id(self) -> str:
        """Name the person behind the call, acting or acted for."""
        return self.user_id or self.on_behalf_of

    @property
    def key(self) -> str:
        """Name the principal in limits and idempotency keys."""
        return f"service:{self.service}" if self.service else self.user_id
