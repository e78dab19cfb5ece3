"""The tables every service's schema has beside its nouns."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.types import UserDefinedType

TENANT_ID = "tenant_id"


class Xid8(UserDefinedType[int]):
    """A transaction's 64-bit number."""

    cache_ok = True

    def get_col_spec(self, **kw: object) -> str:
        """Name the type in DDL."""
        return "xid8"


def chassis_tables(schema: str) -> MetaData:
    """Describe the tables a schema has for its changes, what hears of them, and work to come."""
    metadata = MetaData(schema=schema)
    _change(metadata)
    _relay(metadata)
    _request(metadata)
    _inbox(metadata)
    _dead_letter(metadata)
    _timer(metadata)
    _title(metadata)
    _share(metadata)
    _saga(metadata)
    _job(metadata)
    return metadata


def _uuid(name: str, primary_key: bool = False) -> Column[str]:
    return Column(name, UUID(as_uuid=False), primary_key=primary_key, nullable=False)


def _text(name: str, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=False)


def _time(name: str, nullable: bool = False) -> Column[object]:
    default = None if nullable else func.now()
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _change(metadata: MetaData) -> None:
    """Audit, outbox and replay source at once: written with the row, never deleted."""
    Table(
        "change",
        metadata,
        Column("sequence", BigInteger, Identity(always=True), primary_key=True),
        _uuid(TENANT_ID),
        _uuid("id"),
        _text("resource_type"),
        _uuid("resource_id"),
        Column("version", BigInteger, nullable=False),
        _text("verb"),
        Column("payload", LargeBinary, nullable=False),
        Column(
            "transaction_id",
            Xid8,
            nullable=False,
            server_default=text("pg_current_xact_id()"),
        ),
        UniqueConstraint(
            TENANT_ID, "resource_type", "resource_id", "version", name="change_version_key"
        ),
        Index("change_replay", "transaction_id", "sequence"),
    )


def _relay(metadata: MetaData) -> None:
    """How far the relay is, in one row: everything up to here is published or will never be."""
    Table("relay", metadata, Column("position", BigInteger, nullable=False))


def _request(metadata: MetaData) -> None:
    """Answers by request id, for 24 hours (AIP-155)."""
    Table(
        "request",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _text("caller", primary_key=True),
        _text("method", primary_key=True),
        _text("request_id", primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=False),
        _time("create_time"),
        Index("request_create_time", "create_time", postgresql_using="brin"),
    )


def _inbox(metadata: MetaData) -> None:
    """Events whose effect is in this schema, so that a second delivery has none."""
    Table(
        "inbox",
        metadata,
        _text("consumer", primary_key=True),
        _uuid("event_id", primary_key=True),
        _uuid(TENANT_ID),
        _time("create_time"),
        Index("inbox_create_time", "create_time", postgresql_using="brin"),
    )


def _dead_letter(metadata: MetaData) -> None:
    """Events a consumer failed at five times; kept, counted, replayable."""
    Table(
        "dead_letter",
        metadata,
        _text("consumer", primary_key=True),
        _uuid("event_id", primary_key=True),
        _uuid(TENANT_ID),
        _text("subject"),
        Column("payload", LargeBinary, nullable=False),
        _text("trace_parent"),
        _text("error"),
        Column("attempts", Integer, nullable=False),
        _time("create_time"),
        _time("replay_time", nullable=True),
    )


def _timer(metadata: MetaData) -> None:
    """What is due when: one row per kind and key."""
    Table(
        "timer",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _text("kind", primary_key=True),
        _text("key", primary_key=True),
        _time("due_time"),
        Column("payload", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        _text("error"),
        Index("timer_due_time", "due_time"),
    )


def _title(metadata: MetaData) -> None:
    """Titles of other services' records that rows here refer to, by version."""
    Table(
        "title",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _text("resource_type", primary_key=True),
        _uuid("resource_id", primary_key=True),
        _text("title"),
        Column("version", BigInteger, nullable=False),
        Column("owner_user_id", UUID(as_uuid=False), nullable=True),
        Column("org_unit_id", UUID(as_uuid=False), nullable=True),
        # Null is not known: the row was written before this was kept.
        Column("deleted", Boolean, nullable=True),
    )


def _share(metadata: MetaData) -> None:
    """What is open to whom, to be looked up by whom: of records here and of those mirrored here.

    A principal is a person, a unit, or for mirrored records a category they lie in.
    """
    Table(
        "share",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _text("resource_type", primary_key=True),
        _uuid("principal_id", primary_key=True),
        _uuid("resource_id", primary_key=True),
        Column("writes", Boolean, nullable=False),
        Index("share_resource", TENANT_ID, "resource_type", "resource_id"),
    )


def _saga(metadata: MetaData) -> None:
    """What happens in several services, whole or not at all: how far each has come."""
    Table(
        "saga",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _uuid("id", primary_key=True),
        _text("kind"),
        Column("state", LargeBinary, nullable=False),
        Column("step", Integer, nullable=False, server_default="0"),
        Column("undoing", Boolean, nullable=False, server_default="false"),
        Column("due_time", DateTime(timezone=True), nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("error", Text, nullable=False, server_default=""),
        Index("saga_due_time", "due_time"),
    )


def _job(metadata: MetaData) -> None:
    """Long work that is not done yet, and until when somebody holds it."""
    Table(
        "job",
        metadata,
        _uuid(TENANT_ID, primary_key=True),
        _text("kind", primary_key=True),
        _uuid("id", primary_key=True),
        _time("due_time"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("error", Text, nullable=False, server_default=""),
        Index("job_due_time", "due_time"),
    )
