"""`banyan token` signs for who is asked for, or says what it wants (PLT-15)."""

import pytest

from chassis.hosting.cli import local_token
from chassis.hosting.settings import Settings


@pytest.mark.parametrize("asked", ["anna@example.com", "Anna", "01a21607-9bba-7002-8545"])
def test_whoever_is_named_otherwise_than_by_an_id_is_refused_with_the_way_to_ids(tmp_path, asked):
    with pytest.raises(ValueError, match=r"not the id of a user; `GET /v1/users` lists them"):
        local_token(Settings(home=tmp_path), asked)
