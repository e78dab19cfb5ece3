"""Secrets lead to the record they belong to; anything else is refused in one way (PLT-16)."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from identity.secrets import (
    API_KEY,
    CLIENT_SECRET,
    RANDOM_BYTES,
    REFRESH_TOKEN,
    digest,
    new_client_secret,
    new_secret,
    owner_of,
)

IDS = st.uuids().map(str)
KINDS = st.sampled_from([REFRESH_TOKEN, API_KEY])


@given(KINDS, IDS, IDS)
def test_a_secret_names_its_tenant_and_its_record(kind, tenant_id, record_id):
    assert owner_of(kind, new_secret(kind, tenant_id, record_id)) == (tenant_id, record_id)


@given(IDS, IDS)
def test_a_secret_of_one_kind_is_none_of_another(tenant_id, record_id):
    with pytest.raises(errors.Unauthenticated):
        owner_of(API_KEY, new_secret(REFRESH_TOKEN, tenant_id, record_id))


@given(KINDS, IDS)
def test_no_two_secrets_are_alike(kind, an_id):
    assert new_secret(kind, an_id, an_id) != new_secret(kind, an_id, an_id)
    assert new_client_secret() != new_client_secret()


@given(KINDS, st.one_of(st.text(max_size=120), st.binary(max_size=90)), st.booleans())
def test_garbage_is_refused_and_never_breaks_anything(kind, garbage, begins_well):
    text = garbage if isinstance(garbage, str) else base64.urlsafe_b64encode(garbage).decode()
    secret = kind + text if begins_well else text
    # Text that happens to have the right form names ids; anything else is the one refusal.
    with contextlib.suppress(errors.Unauthenticated):
        assert all(len(part) == 36 for part in owner_of(kind, secret))
        assert secret.startswith(kind)


@pytest.mark.parametrize("length", [0, 31, 32, 32 + RANDOM_BYTES - 1, 32 + RANDOM_BYTES + 1])
def test_a_secret_has_one_length(length):
    secret = API_KEY + base64.urlsafe_b64encode(bytes(length)).decode().rstrip("=")
    with pytest.raises(errors.Unauthenticated):
        owner_of(API_KEY, secret)


@given(st.text(), st.text())
def test_only_the_secret_itself_has_its_digest(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_a_client_secret_can_be_told_by_how_it_begins():
    assert new_client_secret().startswith(CLIENT_SECRET)
