"""ApiClient: a partner's system, with a secret and an account of its own (PLT-09)."""

from typing import Any

from banyan.identity.v1 import api_client_pb2, user_pb2
from google.protobuf.message import Message
from sqlalchemy import LargeBinary

from chassis.resources import Keep, Noun, Resources
from chassis.rpc import Call
from identity import secrets

MACHINE_DOMAIN = "machine.invalid"


async def create(here: Resources, request: Any, call: Call) -> Message:
    """Make a client together with the account it acts as; roles are assigned to that account."""
    clients, users = here[api_client_pb2.ApiClient], here[user_pb2.User]

    async def run(asked: Keep | None) -> Message:
        client: Any = api_client_pb2.ApiClient()
        client.CopyFrom(request.api_client)
        around = await clients.prepare_new(call, client)
        account = user_pb2.User(
            display_name=client.name,
            email=f"{client.id}@{MACHINE_DOMAIN}",
            kind=user_pb2.User.KIND_MACHINE,
            org_unit_id=client.org_unit_id,
            owner_user_id=client.owner_user_id,
        )
        beside = await users.prepare_new(call, account, trusted=True)
        client.user_id = account.id
        async with here.database.transaction(call.tenant_id) as transaction:
            await users.add(call, account, beside, transaction)
            return await clients.add(call, client, around, transaction, asked)

    return await clients.once(request, call, run)


async def rotate_secret(here: Resources, request: Any, call: Call) -> Message:
    """Give a client a new secret, shown this once; the one before is void at once."""
    clients = here[api_client_pb2.ApiClient]
    old, new = await clients.loaded(call, request.id, request.etag, call.method.action)
    new.secret_time.GetCurrentTime()
    secret = secrets.new_client_secret()
    async with here.database.transaction(call.tenant_id) as transaction:
        await clients.put(call, call.method.action, old, new, transaction)
        await transaction.fetch(
            "UPDATE identity.api_client SET secret_digest = $2 WHERE id = $1",
            *(new.id, secrets.digest(secret)),
        )
    return api_client_pb2.RotateApiClientSecretResponse(api_client=new, secret=secret)


API_CLIENT = Noun(
    api_client_pb2.ApiClient,
    private={"secret_digest": LargeBinary()},
    methods={"CreateApiClient": create, "RotateApiClientSecret": rotate_secret},
    without={"Share": "what it may do is said by its roles"},
)
