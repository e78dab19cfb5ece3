"""References: a record may only point at what exists, and what its writer may see."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.access import Reach
from chassis.database import Database
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun
from chassis.resources.query import Sql, within
from chassis.rpc import Call
from chassis.rpc.registry import contract_methods

ORG_UNIT = "identity.banyan/OrgUnit"


class References:
    """Checks the references of one noun before a write, outside any transaction."""

    def __init__(self, noun: Noun, database: Database, nouns: Sequence[Noun]) -> None:
        self._noun = noun
        self._database = database
        self._local = {other.resource.type: other for other in nouns}

    async def check(self, call: Call, record: Any, names: Iterable[str]) -> None:
        """Check the named reference fields of a record.

        Raises:
            Invalid: REFERENCE_NOT_FOUND names each field whose record is not there for the caller.
        """
        missing = [name for name in names if not await self._found(call, record, name)]
        if missing:
            raise errors.Invalid(
                "INVALID_FIELDS",
                violations=[
                    errors.FieldViolation(f"{self._noun.table_name}.{name}", "REFERENCE_NOT_FOUND")
                    for name in missing
                ],
            )

    async def _found(self, call: Call, record: Any, name: str) -> bool:
        kind = reference_type(self._noun.fields[name])
        target: str = getattr(record, name)
        if kind == ORG_UNIT:
            return target in call.profile.tree
        if name == "owner_user_id" and target == call.caller.person_id:
            return True
        if kind in self._local:
            return await self._found_here(call, self._local[kind], target)
        return await self._found_elsewhere(call, kind, target)

    async def _found_here(self, call: Call, noun: Noun, target: str) -> bool:
        reach = call.reach(noun.name, "read") or Reach()
        sql = Sql([target])
        scope = within(reach, list(noun.fields), sql)
        statement = (
            f"SELECT 1 FROM {self._database.schema}.{noun.table_name} t WHERE t.id = $1::uuid"
        )
        if scope:
            statement += f" AND {scope}"
        if noun.soft_delete:
            statement += " AND t.delete_time IS NULL"
        return bool(await self._database.read(call.tenant_id, statement, *sql.arguments))

    async def _found_elsewhere(self, call: Call, kind: str, target: str) -> bool:
        """Ask the owner, with the rights of whoever calls."""
        service, _, name = kind.replace(".banyan/", "/").partition("/")
        method = next((m for m in contract_methods(service) if m.name == f"Get{name}"), None)
        if method is None:
            return False  # nobody owns such records, so there is none
        channel: Any = call.channels.to(service)
        request: Any = method.request_type(
            id=target, read_mask=field_mask_pb2.FieldMask(paths=["id"])
        )
        try:
            await channel.unary_unary(method.path)(request)
        except (errors.NotFound, errors.Forbidden):
            return False
        return True
