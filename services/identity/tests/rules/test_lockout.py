"""When failed sign-ins lock, and for how long (PLT-16)."""

import datetime

import pytest
from banyan.identity.v1 import tenant_pb2
from google.protobuf.duration_pb2 import Duration

from identity.lockout import Policy, Tally, account_key, attempted, network_of, policy_of

NOW = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)
SECOND, MINUTE = datetime.timedelta(seconds=1), datetime.timedelta(minutes=1)
POLICY = Policy()


def after(attempts, tally=None, now=NOW, limit=10, policy=POLICY):
    tally = tally or Tally(now)
    for _ in range(attempts):
        tally = attempted(tally, now, limit, policy)
    return tally


def test_the_eleventh_attempt_in_a_window_locks_and_the_tenth_does_not():
    assert after(10) == Tally(NOW, failures=10)
    assert not after(10).locked(NOW)
    assert after(11) == Tally(NOW, locks=1, lock_expire_time=NOW + MINUTE)


def test_attempts_that_are_refused_do_not_prolong_a_lock():
    locked = after(11)
    assert after(50, locked, NOW + 59 * SECOND) == locked
    assert locked.locked(NOW + 59 * SECOND)
    assert not locked.locked(NOW + MINUTE)


def test_after_a_lock_one_may_fail_as_often_as_before():
    later = NOW + MINUTE
    assert after(10, after(11), later).failures == 10
    assert not after(10, after(11), later).locked(later)


def test_each_lock_lasts_twice_as_long_up_to_an_hour_and_none_for_ever():
    tally, now, lasted = Tally(NOW), NOW, []
    for _ in range(30):
        tally = after(11, tally, now)
        lasted.append(tally.lock_expire_time - now)
        now = tally.lock_expire_time
    assert lasted[:7] == [n * MINUTE for n in (1, 2, 4, 8, 16, 32, 60)]
    assert set(lasted[7:]) == {60 * MINUTE}


def test_failures_of_a_window_gone_by_no_longer_count():
    assert after(10, after(10), NOW + 15 * MINUTE) == Tally(NOW + 15 * MINUTE, failures=10)
    assert after(1, after(10), NOW + 15 * MINUTE - SECOND).locks == 1


def test_what_a_policy_leaves_open_has_its_default():
    assert policy_of(tenant_pb2.SignInPolicy()) == Policy(10, 100, 15 * MINUTE, MINUTE, 60 * MINUTE)
    given = tenant_pb2.SignInPolicy(attempts_max=3, lock_duration=Duration(seconds=5))
    assert policy_of(given) == Policy(3, 100, 15 * MINUTE, 5 * SECOND, 60 * MINUTE)


def test_a_first_lock_longer_than_the_longest_is_cut():
    policy = Policy(lock=90 * MINUTE)
    assert after(11, policy=policy).lock_expire_time == NOW + 60 * MINUTE


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("ipv4:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("ipv6:%5B2001:db8:1:2::9%5D", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_address_is_what_one_client_has(peer, network):
    assert network_of(peer) == network


def test_accounts_of_firms_there_are_not_are_told_apart_by_the_slug():
    """Or a lock at one invented firm would tell whether another one is invented too."""
    assert len({account_key("a@x", "one"), account_key("a@x", "two"), account_key("a@x")}) == 3
