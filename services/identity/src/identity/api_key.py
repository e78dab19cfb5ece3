"""ApiKey: with it a script acts as the person who made it (PLT-09)."""

from typing import Any

from banyan.identity.v1 import api_key_pb2
from google.protobuf.message import Message
from sqlalchemy import LargeBinary

from chassis import errors
from chassis.resources import Noun, Resources
from chassis.rpc import Call
from identity import secrets

ENDING_LENGTH = 6


async def issue(here: Resources, request: Any, call: Call) -> Message:
    """Make a key for oneself, shown this once.

    Raises:
        Forbidden: PEOPLE_ONLY, for a service acting as itself.
    """
    if not call.caller.user_id:
        raise errors.Forbidden("PEOPLE_ONLY")
    keys = here[api_key_pb2.ApiKey]
    key: Any = api_key_pb2.ApiKey(name=request.name, user_id=call.caller.user_id)
    if request.HasField("expire_time"):
        key.expire_time.CopyFrom(request.expire_time)
    around = await keys.prepare_new(call, key, trusted=True)
    secret = secrets.new_secret(secrets.API_KEY, call.tenant_id, key.id)
    key.ending = secret[-ENDING_LENGTH:]
    async with here.database.transaction(call.tenant_id) as transaction:
        await keys.add(call, key, around, transaction)
        await transaction.fetch(
            "UPDATE identity.api_key SET key_digest = $2 WHERE id = $1",
            *(key.id, secrets.digest(secret)),
        )
    return api_key_pb2.IssueApiKeyResponse(api_key=key, secret=secret)


API_KEY = Noun(
    api_key_pb2.ApiKey,
    private={"key_digest": LargeBinary()},
    methods={"IssueApiKey": issue},
    without={
        "Create": "a key is shown once, when it is issued (IssueApiKey)",
        "Update": "a key is replaced, not changed",
    },
)
