"""What is found for many at once is what looking for each by itself finds (PLT-17, PLT-19)."""

import functools
import random
from collections.abc import Callable
from typing import Any

import pytest
from banyan.party.v1 import contact_pb2, organization_pb2

from party.duplicate import names_of_pair
from party.likeness import CONTACTS, ORGANIZATIONS, Likeness
from party.matching import WORTH_A_LOOK, Match, contact_traits, organization_traits

COUNT = 400
PLACES = ("上海", "昆山市", "广东省深圳市", "中国", "")
BRANDS = ("华瑞", "恒鼎达", "盛德隆信", "大疆创新", "泽晨", "旭锦程")
TRADES = ("精密机械", "电子科技", "生物医药", "")
FORMS = ("有限公司", "股份有限公司", "（集团）有限公司", "有限公司苏州分公司")
SYLLABLES = ("nor", "vik", "kes", "trel", "bran", "dor")
WORKS = (" Precision", " Electronics", " Foods", "")
ENDINGS = (" GmbH", " Co., Ltd.", " S.A.", "")
PEOPLE = ("李娜", "王伟", "张敏", "José García", "Jonathan Smith", "Smith, Jonatan")


def _name(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return "".join(chance.choice(parts) for parts in (PLACES, BRANDS, TRADES, FORMS))
    brand = "".join(chance.choices(SYLLABLES, k=3)).capitalize()
    return brand + chance.choice(WORKS) + chance.choice(ENDINGS)


def _dirty(name: str, chance: random.Random) -> str:
    """Write a name as somebody in a hurry does."""
    at = chance.randrange(len(name) + 1)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    return chance.choice((name, f" {name}", name.upper(), wide, f"{name[:at]}.{name[at:]}",
                          name[:at] + name[at + 1 :])) or name  # fmt: skip


def organizations(chance: random.Random) -> list[organization_pb2.Organization]:
    """Make organizations few of which are there once."""
    return [
        organization_pb2.Organization(
            name=_dirty(_name(chance), chance),
            phone=chance.choice(("", "", f"0755-2878{chance.randrange(60):04}")),
            email=chance.choice(("", "", f"Office@c{chance.randrange(60)}.cn")),
            tax_id=chance.choice(("", "", f"91440300MA{chance.randrange(300):04}")),
        )
        for _ in range(COUNT)
    ]


def contacts(chance: random.Random, workplaces: list[str]) -> list[contact_pb2.Contact]:
    """Make people few of whom are there once."""
    return [
        contact_pb2.Contact(
            name=_dirty(chance.choice(PEOPLE), chance),
            email=chance.choice(("", f"p{chance.randrange(90)}@c.cn")),
            mobile=chance.choice(("", f"138001{chance.randrange(90):05}")),
            phone=chance.choice(("", f"138001{chance.randrange(90):05}")),
            organization_id=chance.choice(workplaces),
        )
        for _ in range(COUNT // 4)
    ]


async def capture(firm, noun: str, made: list[Any]) -> list[Any]:
    rows = [{noun.lower(): record, "allow_duplicate": True} for record in made]
    captured: list[Any] = []
    for start in range(0, len(rows), 150):
        reply = await firm.call(f"BatchCreate{noun}s", requests=rows[start : start + 150])
        assert not reply.errors
        captured += getattr(reply, f"{noun.lower()}s")
    return captured


# --- the plain definition: each is compared with all that share a key, and with its neighbours


def organizations_near(one: Any, everybody: list[Any]) -> list[Any]:
    mine = organization_traits(one)
    exact = {mine.tax_id, mine.email, mine.phone} - {""}
    traits = {other.id: organization_traits(other) for other in everybody}
    named = sorted((t.name.key, i) for i, t in traits.items() if t.name.key)
    place = (mine.name.key, one.id)
    behind = [i for key, i in named if (key, i) > place][:25] if mine.name.key else []
    before = [i for key, i in named if (key, i) < place][-25:]
    return [
        other
        for other in everybody
        if other.id in {*behind, *before}
        or exact & {traits[other.id].tax_id, traits[other.id].email, traits[other.id].phone}
    ]


def contacts_near(one: Any, everybody: list[Any]) -> list[Any]:
    def keys(contact: Any) -> set[str]:
        traits = contact_traits(contact)
        return {traits.key, traits.email, *traits.phones, traits.organization_id} - {""}

    return [other for other in everybody if keys(one) & keys(other)]


def plainly(
    near: Callable[[Any, list[Any]], list[Any]], likeness: Likeness, everybody: list[Any]
) -> list[list[tuple[str, Match]]]:
    """Give for each of all, one after the other, whom it is like, the most alike first."""
    found: list[list[tuple[str, Match]]] = []
    for one in everybody:
        others = [other for other in near(one, everybody) if other.id != one.id]
        matches = [(other.id, likeness.match(one, other)) for other in others]
        alike = [match for match in matches if match[1].score > 0]
        found.append(sorted(alike, key=lambda match: (-match[1].score, match[0])))
    return found


@pytest.fixture(params=["Organization", "Contact"])
async def captured(firm, request, monkeypatch) -> tuple[Likeness, list[Any], Any]:
    monkeypatch.setattr("party.duplicate.PAIRS_MAX", COUNT)
    chance = random.Random(17)
    everybody = await capture(firm, "Organization", organizations(chance))
    if request.param == "Organization":
        return ORGANIZATIONS, everybody, organizations_near
    people = contacts(chance, ["", "", *(one.id for one in everybody[:8])])
    return CONTACTS, await capture(firm, "Contact", people), contacts_near


async def test_who_is_alike_is_found_for_many_as_for_each(firm, captured):
    """Both what is listed when a record is captured and what becomes a pair afterwards."""
    likeness, everybody, near = captured
    plain = plainly(near, likeness, everybody)
    database = firm.world.host.databases["party"]
    fetch = functools.partial(database.read, firm.tenant_id)
    for score_min in (0, WORTH_A_LOOK):
        wanted = [[one for one in alike if one[1].score >= score_min] for alike in plain]
        found = await likeness.alike(everybody, fetch, score_min)
        assert [[(other.id, match) for other, match in alike] for alike in found] == wanted
        assert sum(map(len, wanted)) > len(everybody), "most are there more than once"
    for one, wanted in list(zip(everybody, plain, strict=True))[::40]:
        (alone,) = await likeness.alike([one], fetch)
        assert [(other.id, match) for other, match in alone] == wanted


async def test_all_of_them_are_pairs_with_their_scores(firm, captured):
    """While more come in more are neighbours for a time: those pairs are alike as well."""
    likeness, everybody, near = captured
    first, second = names_of_pair(likeness)
    await firm.heard()
    rows = await firm.rows(
        f"SELECT {first}::text, {second}::text, score FROM party.duplicate"
        f" WHERE status = 1 AND {first} IS NOT NULL"
    )
    found = {frozenset(row[:2]): float(row[2]) for row in rows}
    assert len(found) == len(rows), "each pair is there once"
    by_id = {one.id: one for one in everybody}
    for two, score in found.items():
        assert likeness.match(*(by_id[i] for i in two)).score == score
    wanted = {
        frozenset((one.id, other)): match.score
        for one, alike in zip(everybody, plainly(near, likeness, everybody), strict=True)
        for other, match in alike
        if match.score >= WORTH_A_LOOK
    }
    assert wanted.items() <= found.items()
