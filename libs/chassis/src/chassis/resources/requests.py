"""Request ids: whoever asks twice under one id gets the first answer again (AIP-155)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from chassis import errors
from chassis.database import TENANT_ID, Database, Transaction
from chassis.rpc import Call

REQUEST_ID_LENGTH_MAX = 200


def only_checks(request: Any) -> bool:
    """Tell whether a request is to be answered without writing anything (AIP-163)."""
    return getattr(request, "validate_only", False)


@dataclass(frozen=True)
class Request:
    """A request id and what it stands for (AIP-155)."""

    caller: str
    method: str
    request_id: str
    body_hash: bytes
    response: bytes = b""

    @classmethod
    def of(cls, call: Call, request: Any) -> "Request | None":
        """Read the request id of a request, None when it has none or is only to be checked.

        Raises:
            Invalid: STRING_MAX_LEN.
        """
        request_id: str = getattr(request, "request_id", "")
        if not request_id or only_checks(request):
            return None
        if len(request_id) > REQUEST_ID_LENGTH_MAX:
            limit = REQUEST_ID_LENGTH_MAX
            raise errors.invalid_field("request_id", "STRING_MAX_LEN", max_len=limit)
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        return cls(call.caller.key, call.method.name, request_id, digest)

    def answered(self, response: Message) -> "Request":
        """Add the answer that is kept under the id."""
        answer = response.SerializeToString()
        return Request(self.caller, self.method, self.request_id, self.body_hash, answer)

    @property
    def values(self) -> tuple[Any, ...]:
        """Give what is stored, in the order of the table's columns after the tenant."""
        return (self.caller, self.method, self.request_id, self.body_hash, self.response)


class Requests:
    """The answers a service keeps by request id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = f"{database.schema}.request"

    async def answer_to(self, tenant_id: str, request: Request) -> bytes | None:
        """Give the answer kept under a request id, None when it was not seen.

        Raises:
            Conflict: REQUEST_ID_REUSED when it stood for another body.
        """
        rows = await self._database.read(
            tenant_id,
            f"SELECT body_hash, response FROM {self._table}"
            " WHERE caller = $1 AND method = $2 AND request_id = $3",
            *(request.caller, request.method, request.request_id),
        )
        if not rows:
            return None
        if rows[0][0] != request.body_hash:
            raise errors.Conflict("REQUEST_ID_REUSED", request_id=request.request_id)
        return rows[0][1]

    async def keep(self, transaction: Transaction, request: Request) -> None:
        """Keep an answer with what else a transaction writes."""
        await transaction.fetch(
            f"INSERT INTO {self._table}"
            f" ({TENANT_ID}, caller, method, request_id, body_hash, response)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            *(transaction.tenant_id, *request.values),
        )
