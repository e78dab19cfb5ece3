"""Where a service's database is and who one is there."""

import enum
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from chassis import errors


class Role(enum.StrEnum):
    """The three roles of a service: each may do one kind of thing."""

    OWNER = "owner"
    """Migrates and never serves."""
    APP = "app"
    """Serves, under row-level security."""
    RELAY = "relay"
    """Sees all tenants, of the change, timer and inbox tables only."""


@dataclass(frozen=True)
class Address:
    """A PostgreSQL database, without anybody's password.

    Attributes:
        url: ``postgresql://host:port/database``.
        passwords: folder with a file ``<service>_<role>`` per role; a pod gets its own only.
    """

    url: str
    passwords: Path

    def login(self, service: str, role: Role) -> str:
        """Name the database role of a service."""
        return f"{service}_{role}"

    def password(self, login: str) -> str:
        """Read a role's password.

        Raises:
            Unavailable: NO_DATABASE_PASSWORD when this process was not given it.
        """
        file = self.passwords / login
        if not file.is_file():
            raise errors.Unavailable("NO_DATABASE_PASSWORD", role=login)
        return file.read_text().strip()

    def dsn(self, service: str, role: Role, driver: str = "postgresql") -> str:
        """Give the connection string of a role; it holds a secret and is never logged."""
        return self.dsn_of(self.login(service, role), driver)

    def dsn_of(self, login: str, driver: str = "postgresql") -> str:
        """Give the connection string of any login with a password file."""
        parts = urlsplit(self.url)
        secret = quote(self.password(login), safe="")
        return parts._replace(
            scheme=driver, netloc=f"{login}:{secret}@{parts.hostname}:{parts.port or 5432}"
        ).geturl()
