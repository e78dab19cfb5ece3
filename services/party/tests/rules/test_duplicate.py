"""What becomes of a pair: found, weighed anew, dismissed, back again (PLT-17)."""

import datetime

import pytest
from banyan.party.v1 import duplicate_pb2, match_pb2, organization_pb2

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from party.duplicate import (
    DISMISSED,
    LAPSED,
    MERGED,
    OPEN,
    close,
    dismiss,
    place,
    renew,
    reopen,
    weigh,
)
from party.matching import SAME_NAME, SAME_PHONE, Match

Duplicate = duplicate_pb2.Duplicate
NOW = datetime.datetime(2026, 3, 15, 8, tzinfo=datetime.UTC)
AROUND = Around(Caller("t", user_id="u"), NOW)
SAME = Match(0.85, ((SAME_NAME, 0.75), (SAME_PHONE, 0.4)))
LIKE = Match(0.75, ((SAME_NAME, 0.75),))


def pair(status: int = OPEN, match: Match = LIKE) -> Duplicate:
    made = Duplicate(status=status)
    weigh(made, match)
    return made


def test_a_pair_says_how_alike_the_two_are_and_why():
    made = pair(match=SAME)
    assert made.score.value == "0.85"
    assert made.reason == match_pb2.MATCH_REASON_SAME_NAME
    told = [(one.reason, one.weight.value) for one in made.evidence]
    assert told == [(SAME_NAME, "0.75"), (SAME_PHONE, "0.40")]
    weigh(made, LIKE)
    assert [one.reason for one in made.evidence] == [SAME_NAME]


def test_who_dismisses_a_pair_says_why():
    made = pair()
    dismiss(made, duplicate_pb2.DismissDuplicateRequest(reason="two plants"), AROUND)
    assert (made.status, made.close_reason, made.closed_by_user_id) == (
        DISMISSED, "two plants", "u",
    )  # fmt: skip
    assert made.close_time.ToDatetime(datetime.UTC) == NOW
    assert made.score.value == "0.75"


@pytest.mark.parametrize("status", [MERGED, DISMISSED, LAPSED])
def test_what_is_decided_is_not_dismissed_again(status):
    made = pair(status)
    before = made.SerializeToString()
    with pytest.raises(errors.FailedPrecondition) as caught:
        dismiss(made, duplicate_pb2.DismissDuplicateRequest(reason="x"), AROUND)
    assert caught.value.reason == "DUPLICATE_CLOSED"
    assert caught.value.metadata == {"status": Duplicate.Status.Name(status)[len("STATUS_") :]}
    assert made.SerializeToString() == before


@pytest.mark.parametrize(
    ("status", "match", "wanted", "score"),
    [
        (OPEN, SAME, OPEN, "0.85"),
        (OPEN, LIKE, OPEN, "0.75"),
        (OPEN, None, LAPSED, "0.75"),
        (LAPSED, LIKE, OPEN, "0.75"),
        (LAPSED, None, LAPSED, "0.75"),
        # Not reopened after a dismissal unless the score rises.
        (DISMISSED, LIKE, DISMISSED, "0.75"),
        (DISMISSED, None, DISMISSED, "0.75"),
        (DISMISSED, SAME, OPEN, "0.85"),
        (MERGED, SAME, MERGED, "0.75"),
        (MERGED, None, MERGED, "0.75"),
    ],
)
def test_a_pair_is_weighed_anew(status, match, wanted, score):
    made = pair(status)
    renew(made, match)
    assert (made.status, made.score.value) == (wanted, score)


def test_what_was_dismissed_and_lost_likeness_does_not_come_back_by_regaining_it():
    made = pair(DISMISSED, SAME)
    renew(made, LIKE)
    renew(made, SAME)
    assert made.status == DISMISSED


def test_a_pair_that_comes_back_says_nothing_of_how_it_was_closed():
    made = pair()
    close(made, MERGED, AROUND)
    made.merge_id = "m"
    reopen(made)
    assert made == pair()


@pytest.mark.parametrize(
    ("one", "other", "owner", "unit"),
    [
        (("u", "x"), ("u", "x"), "u", "x"),
        (("u", "x"), ("v", "x"), "", "x"),
        (("u", "x"), ("u", "y"), "u", ""),
        (("u", "x"), ("v", "y"), "", ""),
    ],
)
def test_a_pair_lies_where_both_lie(one, other, owner, unit):
    """PLT-16: whoever reaches a pair by owner or unit reaches both of its records."""
    made = pair()
    made.owner_user_id, made.org_unit_id = "w", "z"
    place(
        made,
        *(organization_pb2.Organization(owner_user_id=o, org_unit_id=u) for o, u in (one, other)),
    )
    assert (made.owner_user_id, made.org_unit_id) == (owner, unit)
