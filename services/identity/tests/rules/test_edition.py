"""Editions: what they hold, and what comes with the product (PLT-06 to PLT-08)."""

import datetime

import pytest
from banyan.identity.v1 import edition_pb2

from chassis import errors
from chassis.access import Caller, Grants, Tree
from chassis.resources import Around
from identity.edition import authorize, shipped_editions, validate
from identity.modules import installed

NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
SERVICE = Around(Caller("t", service="identity"), NOW)
PERSON = Around(Caller("t", "me"), NOW, grants=Grants("me", (), Tree({})))


def test_each_shipped_edition_contains_the_one_before():
    small, middle, large = shipped_editions()
    assert [small.name, middle.name, large.name] == [
        "Sales Force",
        "BIS Business",
        "BIS Enterprise",
    ]
    contained = [edition.contained_edition_id for edition in (small, middle, large)]
    assert contained == ["", small.id, middle.id]


def test_no_shipped_edition_adds_what_it_contains_already_and_the_largest_has_all():
    added = [key for edition in shipped_editions() for key in edition.modules]
    assert len(added) == len(set(added))
    assert set(added) == installed().keys


def test_shipped_editions_keep_to_their_own_rules():
    for edition in shipped_editions():
        validate(edition, SERVICE)
        assert all(kind.role and kind.overview and kind.menu for kind in edition.user_types)


def test_shipped_editions_keep_the_ids_they_have():
    kept = shipped_editions()
    again = shipped_editions(reversed(kept))
    assert again == kept
    assert shipped_editions()[0].id != kept[0].id


def test_two_user_types_do_not_share_a_key():
    kinds = [edition_pb2.UserType(key=key, name=key) for key in ("a", "b", "a")]
    with pytest.raises(errors.Invalid) as caught:
        validate(edition_pb2.Edition(user_types=kinds), PERSON)
    (violation,) = caught.value.violations
    assert (violation.reason, violation.metadata) == ("USER_TYPE_TWICE", {"key": "a"})


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_comes_with_the_product_is_not_changed_by_people(verb):
    shipped = edition_pb2.Edition(name="Sales Force", shipped_key="sales_force")
    with pytest.raises(errors.FailedPrecondition) as caught:
        authorize(verb, shipped, PERSON)
    assert caught.value.reason == "EDITION_SHIPPED"
    authorize(verb, shipped, SERVICE)
    authorize(verb, edition_pb2.Edition(name="Own"), PERSON)
