"""What is kept in memory about people is fetched once, forgotten at once, not trusted long."""

import asyncio
from dataclasses import dataclass, field

import pytest

from chassis import errors
from chassis.access import Directory, Grant, Scope, TenantProfile, Tree, UserAccess

READ = Grant("party.Source", "read", Scope.ALL)


@dataclass
class Identity:
    """What identity would answer, and how often it was asked."""

    heard: bool = True
    active: bool = True
    version: int = 1
    grants: tuple[Grant, ...] = (READ,)
    tree: Tree = field(default_factory=lambda: Tree({"top": ""}))
    asked_access: int = 0
    asked_tenant: int = 0
    gate: asyncio.Event | None = None
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def access(self, tenant_id, user_id, session_id):
        self.asked_access += 1
        self.was_asked.set()
        answer = UserAccess(self.active, self.version, "top", "en", self.grants)
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        return answer

    async def profile(self, tenant_id):
        self.asked_tenant += 1
        answer = TenantProfile(tenant_id, "CNY", "Asia/Shanghai", 1, self.tree)
        await asyncio.sleep(0)
        return answer


class Clock:
    """The process's own clock, moved by the test."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def identity():
    return Identity()


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr("chassis.access.directory.time.monotonic", made)
    return made


@pytest.fixture
def directory(identity, clock):
    return Directory(identity.access, identity.profile, lambda: identity.heard)


async def may_read(directory, user="u", session="s", version=0):
    _, grants = await directory.grants("t", user, session, version)
    return grants.reach("party.Source", "read") is not None


async def test_a_crowd_makes_it_ask_once(directory, identity):
    assert all(await asyncio.gather(*(may_read(directory) for _ in range(100))))
    assert (identity.asked_access, identity.asked_tenant) == (1, 1)


async def test_different_people_sessions_and_tenants_are_asked_for_by_themselves(
    directory, identity
):
    for key in (("t", "u", "s"), ("t", "u", "s2"), ("t", "v", "s"), ("t2", "u", "s")):
        await directory.grants(*key)
        await directory.grants(*key)
    assert (identity.asked_access, identity.asked_tenant) == (4, 2)


async def test_while_events_are_heard_knowledge_is_a_minute_old_at_most(directory, identity, clock):
    """Some things change by the calendar alone: no event says that an assignment has ended."""
    assert await may_read(directory)
    identity.grants = ()
    clock.now += 59.9
    assert await may_read(directory)
    assert (identity.asked_access, identity.asked_tenant) == (1, 1)
    clock.now += 0.2
    assert not await may_read(directory)
    assert (identity.asked_access, identity.asked_tenant) == (2, 2)


async def test_a_tenant_may_be_asked_for_as_it_is_since_an_instant(directory, identity, clock):
    """A record may name a unit made a moment ago, of which no event has come yet."""
    before = await directory.tenant("t", since=clock.now)
    assert await directory.tenant("t", since=clock.now) is before, "it is just as old as asked"
    clock.now += 1
    assert await directory.tenant("t", since=clock.now - 1) is before
    assert identity.asked_tenant == 1
    identity.tree = Tree({"top": "", "team": "top"})
    assert "team" not in (await directory.tenant("t")).tree
    assert "team" in (await directory.tenant("t", since=clock.now)).tree
    assert "team" in (await directory.tenant("t")).tree, "what was learnt is kept"
    assert identity.asked_tenant == 2


async def test_a_crowd_that_wants_the_same_instant_makes_it_ask_once(directory, identity, clock):
    await directory.tenant("t")
    clock.now += 1
    since = clock.now
    await asyncio.gather(*(directory.tenant("t", since=since) for _ in range(100)))
    assert identity.asked_tenant == 2


async def test_a_newer_tree_makes_permissions_be_asked_for_again(directory, identity, clock):
    """They are compiled for one state of the tree, whoever had it fetched."""
    identity.grants = (Grant("party.Source", "read", Scope.SUBTREE, "top"),)
    await directory.grants("t", "u", "s")
    identity.tree = Tree({"top": "", "team": "top"})
    clock.now += 1
    await directory.tenant("t", since=clock.now)
    _, after = await directory.grants("t", "u", "s")
    assert after.reach("party.Source", "read").units == {"top", "team"}


async def test_while_events_are_not_heard_knowledge_is_two_seconds_old_at_most(
    directory, identity, clock
):
    identity.heard = False
    assert await may_read(directory)
    identity.grants = ()
    clock.now += 1.9
    await may_read(directory)
    assert identity.asked_access == 1
    clock.now += 0.2
    assert not await may_read(directory)
    assert (identity.asked_access, identity.asked_tenant) == (2, 2)


async def test_old_knowledge_is_not_trusted_when_the_events_fall_silent(directory, identity, clock):
    await may_read(directory)
    clock.now += 60
    identity.heard = False
    identity.active = False
    with pytest.raises(errors.Unauthenticated):
        await may_read(directory)


async def test_age_counts_from_before_the_question(directory, identity, clock):
    """An answer that took a second is a second old when it comes."""
    identity.heard = False
    await directory.tenant("t")
    identity.gate = asyncio.Event()
    task = asyncio.create_task(may_read(directory))
    await asyncio.wait_for(identity.was_asked.wait(), 5)
    clock.now += 1.5
    identity.gate.set()
    await task
    clock.now += 1
    await may_read(directory)
    assert identity.asked_access == 2


@pytest.mark.parametrize("forget", ["user", "tenant", "everything"])
async def test_what_is_forgotten_is_asked_for_again(directory, identity, forget):
    assert await may_read(directory)
    identity.grants = ()
    if forget == "user":
        directory.forget_user("t", "u")
    elif forget == "tenant":
        directory.forget_tenant("t")
    else:
        directory.forget_everything()
    assert not await may_read(directory)


async def test_forgetting_a_person_forgets_all_their_sessions_and_nobody_else(directory, identity):
    for key in (("t", "u", "1"), ("t", "u", "2"), ("t", "v", "1"), ("t2", "u", "1")):
        await directory.grants(*key)
    directory.forget_user("t", "u")
    for key in (("t", "u", "1"), ("t", "u", "2"), ("t", "v", "1"), ("t2", "u", "1")):
        await directory.grants(*key)
    assert identity.asked_access == 4 + 2


async def test_a_tree_that_changed_compiles_permissions_anew(directory, identity):
    identity.grants = (Grant("party.Source", "read", Scope.SUBTREE, "top"),)
    _, before = await directory.grants("t", "u", "s")
    assert before.reach("party.Source", "read").units == {"top"}
    identity.tree = Tree({"top": "", "team": "top"})
    directory.forget_tenant("t")
    _, after = await directory.grants("t", "u", "s")
    assert after.reach("party.Source", "read").units == {"top", "team"}


@pytest.mark.parametrize("forget", ["user", "tenant", "everything"])
async def test_what_was_asked_while_something_changed_is_not_kept(directory, identity, forget):
    identity.gate = asyncio.Event()
    asking = asyncio.create_task(may_read(directory))
    await asyncio.wait_for(identity.was_asked.wait(), 5)
    identity.grants = ()  # the answer on its way is the old one
    if forget == "user":
        directory.forget_user("t", "u")
    elif forget == "tenant":
        directory.forget_tenant("t")
    else:
        directory.forget_everything()
    identity.gate.set()
    assert await asking
    assert not await may_read(directory)


async def test_whoever_waits_for_an_answer_made_old_asks_again(directory, identity):
    identity.gate = asyncio.Event()
    first = asyncio.create_task(may_read(directory))
    await asyncio.wait_for(identity.was_asked.wait(), 5)
    identity.grants = ()
    directory.forget_user("t", "u")
    second = asyncio.create_task(may_read(directory))
    await asyncio.sleep(0)
    identity.gate.set()
    await first
    assert not await second


async def test_somebody_inactive_is_unauthenticated_every_time(directory, identity):
    identity.active = False
    for _ in range(2):
        with pytest.raises(errors.Unauthenticated) as caught:
            await may_read(directory)
        assert caught.value.reason == "SESSION_ENDED"
    assert identity.asked_access == 1


async def test_a_newer_permission_version_in_the_token_asks_again(directory, identity):
    assert await may_read(directory, version=1)
    identity.grants, identity.version = (), 2
    assert await may_read(directory, version=1), "nothing newer is known of"
    assert not await may_read(directory, version=2)
    assert identity.asked_access == 2
    assert not await may_read(directory, version=1), "an older token does not bring it back"
    assert identity.asked_access == 2


async def test_a_failure_to_ask_is_told_and_not_kept(identity, clock):
    away = True

    async def access(*key):
        if away:
            raise errors.Unavailable("SERVICE_UNAVAILABLE")
        return await identity.access(*key)

    directory = Directory(access, identity.profile, lambda: True)
    for task in [asyncio.create_task(may_read(directory)) for _ in range(3)]:
        with pytest.raises(errors.Unavailable):
            await task
    away = False
    assert await may_read(directory)


async def test_one_who_stops_waiting_does_not_stop_the_others(directory, identity):
    identity.gate = asyncio.Event()
    first, second = (asyncio.create_task(may_read(directory)) for _ in range(2))
    await asyncio.wait_for(identity.was_asked.wait(), 5)
    first.cancel()
    identity.gate.set()
    assert await asyncio.wait_for(second, 5)


@pytest.mark.parametrize(
    ("resource", "module"),
    [
        ("finance.Invoice", "finance"),
        ("finance.TaxRule", ""),
        ("party.Partnership", "partners"),
        ("party.Contact", ""),
        ("sales.Lead", ""),
    ],
)
def test_the_nearest_word_on_a_noun_says_whether_its_module_is_off(resource, module):
    """PLT-04."""
    off = {"finance.*": "finance", "finance.TaxRule": "", "party.Partnership": "partners"}
    profile = TenantProfile("t", "CNY", "UTC", 1, Tree({}), modules_off=off)
    assert profile.module_off(resource) == module
