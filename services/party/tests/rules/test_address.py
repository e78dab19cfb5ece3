"""Addresses: only one that is primary says so (PTY-19)."""

import pytest
from banyan.party.v1 import address_pb2

from party.address import ADDRESS, prepare_create, prepare_update


@pytest.mark.parametrize("given", [None, False, True])
def test_only_a_primary_address_says_so(around, given):
    """What is unset does not count for the key; of two that say no, one would be refused."""
    made, changed = [address_pb2.Address(primary=given) for _ in range(2)]
    prepare_create(made, around)
    prepare_update(made, changed, around)
    for address in (made, changed):
        assert address.HasField("primary") == bool(given)
        assert address.primary == bool(given)


def test_the_keys_are_those_of_either_party():
    assert [key.columns for key in ADDRESS.keys] == [
        ("organization_id", "kind", "primary_"),
        ("contact_id", "kind", "primary_"),
    ]
