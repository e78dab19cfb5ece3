"""What belongs to a module that is off is refused before anything else is asked (PLT-04)."""

import pytest
from banyan.party.v1 import contact_pb2

from chassis import errors
from chassis.access import (
    Claims,
    Directory,
    KeyRing,
    TenantProfile,
    TokenReader,
    Tree,
    new_key_pair,
)
from chassis.rpc import Channels, Dispatcher
from chassis.rpc.registry import contract_methods

GET = next(m for m in contract_methods() if m.name == "GetContact")
PROFILE = TenantProfile("t", "CNY", "UTC", 1, Tree({}), modules_off={"party.*": "party"})


async def test_a_service_acting_as_itself_is_refused_like_a_person(tmp_path):
    new_key_pair("sales", tmp_path)
    keys = KeyRing(tmp_path)

    async def tenant(_):
        return PROFILE

    async def nobody(*_):
        raise AssertionError("a service's rights are not asked for")

    async def reached(request, call):
        raise AssertionError("it must not come this far")

    dispatcher = Dispatcher(
        {GET: reached},
        tokens=TokenReader(keys),
        directory=Directory(nobody, tenant, heard=lambda: True),
        channels=Channels(keys),
    )
    token = keys.sign("sales", Claims(tenant_id="t", service="sales"))
    with pytest.raises(errors.FailedPrecondition) as caught:
        await dispatcher.call(
            GET.path, contact_pb2.GetContactRequest(), {"authorization": f"Bearer {token}"}
        )
    assert caught.value.reason == "MODULE_OFF"
    assert caught.value.metadata == {"module": "party", "resource": "party.Contact"}
