"""Settings: from the environment, checked at start, printable without secrets."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "BANYAN_"


class Settings(BaseSettings):
    """Everything that can be set, as ``BANYAN_<NAME>``. An unknown name fails at start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(
        default=Path(".banyan"), description="local data, secrets and logs of `banyan up`"
    )
    host: str = Field(default="127.0.0.1", description="address the gateway listens on")
    port: int | None = Field(
        default=None, description="port of the gateway; 8080 or the next free one"
    )
    grpc_listen: str = Field(
        default="", description="address of this process's gRPC server; empty: none"
    )
    partner_listen: str = Field(
        default="", description="address of the partners' gRPC door; empty: none"
    )
    partner_tls: Path | None = Field(
        default=None, description="folder with tls.crt and tls.key of the partners' door"
    )
    addresses: str = Field(
        default="", description="where other services are: party=dns:///party:50051,sales=..."
    )
    database_url: str = Field(
        default="", description="postgresql://host:port/database, without a login"
    )
    database_passwords: Path = Field(
        default=Path("/etc/banyan/database"), description="folder with one password file per role"
    )
    database_admin: str = Field(default="banyan_admin", description="login that may create roles")
    database_pool: int = Field(default=8, description="connections per pool", ge=1, le=200)
    nats_url: str = Field(default="", description="nats://host:port")
    nats_passwords: Path = Field(
        default=Path("/etc/banyan/nats"), description="folder with one password file per service"
    )
    object_store: str = Field(
        default="", description="where files lie: s3://bucket or file:///folder; empty: in NATS"
    )
    object_store_secrets: Path = Field(
        default=Path("/etc/banyan/object-store"),
        description="folder with endpoint, region, access_key_id, secret_access_key of the bucket",
    )
    keys: Path = Field(default=Path("/etc/banyan/keys"), description="folder of signing keys")
    page_token_key: Path = Field(
        default=Path("/etc/banyan/page-token-key"),
        description="file with the key that signs page tokens",
    )
    calls_per_second: int = Field(default=5_000, description="limit per person and service", ge=1)
    public_calls_per_second: int = Field(
        default=50, description="limit per client before sign-in", ge=1
    )
    otlp_endpoint: str = Field(default="", description="where traces go; empty: nowhere")
    log_format: str = Field(default="json", description="json or human", pattern="^(json|human)$")

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment.

        Raises:
            ValueError: names every unknown or wrong setting.
        """
        known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields}
        given = {name for name in os.environ if name.startswith(PREFIX)}
        if unknown := sorted(given - known):
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        return cls()

    def where(self) -> dict[str, str]:
        """Give the address table: from a service's name to its gRPC target."""
        pairs = [pair.partition("=") for pair in self.addresses.split(",") if pair.strip()]
        return {name.strip(): target.strip() for name, _, target in pairs}
