"""What is there already is not captured a second time by mistake (PLT-17)."""

import asyncio
import uuid

import pytest
from banyan.party.v1 import match_pb2

from chassis import errors
from chassis.access import Scope

CODE = "91440300192203821A"
# A key nobody else may have, in two spellings, for each noun.
KEYS = {
    "Organization": ("tax_id", CODE, "91440300 19220382-1a"),
    "Contact": ("email", "li.na@example.com", " Li.Na@Example.COM"),
}
BOTH = pytest.mark.parametrize("noun", KEYS)


def record(noun: str, spelling: int = 1, **fields: str) -> dict[str, str]:
    return {"name": f"{uuid.uuid4()}", KEYS[noun][0]: KEYS[noun][spelling]} | fields


@BOTH
async def test_what_has_the_key_of_another_is_refused_and_told_which(firm, refusal, noun):
    first = await firm.make(noun, **record(noun))
    error = await refusal(firm.make(noun, **record(noun, 2)))
    assert (type(error), error.reason) == (errors.AlreadyExists, "ALREADY_SIMILAR")
    owner = await firm.call("GetUser", id=firm.boss.user_id)
    told = {"key": KEYS[noun][0], "id": first.id, "title": first.name}
    assert error.metadata == told | {
        "owner_user_id": owner.id,
        "owner": error.metadata["owner"],
    }
    # Names of people come by events: until then the id stands in for one.
    assert error.metadata["owner"] in (owner.display_name, owner.id)
    assert len((await firm.call(f"List{noun}s")).ListFields()[0][1]) == 1


@BOTH
async def test_a_second_one_that_is_meant_is_made(firm, noun):
    first = await firm.make(noun, **record(noun))
    second = await firm.make(noun, **record(noun, 2), allow_duplicate=True)
    assert first.id != second.id
    assert second.etag == "1"


@BOTH
async def test_a_name_alone_never_stands_in_the_way(firm, noun):
    for _ in range(2):
        await firm.make(noun, name="华为技术有限公司")


@BOTH
async def test_what_is_deleted_is_not_there(firm, noun, refusal):
    first = await firm.make(noun, **record(noun))
    await firm.call(f"Delete{noun}", id=first.id)
    second = await firm.make(noun, **record(noun))
    await firm.call(f"Delete{noun}", id=second.id)
    await firm.call(f"Undelete{noun}", id=first.id)
    assert (await refusal(firm.make(noun, **record(noun)))).metadata["id"] == first.id


@BOTH
async def test_of_many_who_capture_the_same_at_once_one_does(firm, noun):
    attempts = [firm.make(noun, **record(noun, 1 + n % 2)) for n in range(6)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    made = [one for one in results if not isinstance(one, Exception)]
    assert len(made) == 1
    refused = {one.reason for one in results if isinstance(one, errors.Error)}
    assert refused == {"ALREADY_SIMILAR"}


@BOTH
async def test_a_repeated_request_gets_the_first_answer_and_no_refusal(firm, noun):
    fields = record(noun) | {"request_id": "r"}
    answers = await asyncio.gather(*(firm.make(noun, **fields) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)


@BOTH
async def test_a_change_is_not_refused_but_found(firm, noun):
    """PLT-17: who corrects a record is not kept from it; the pair goes to the worklist."""
    field, key, _ = KEYS[noun]
    first = await firm.make(noun, **record(noun))
    second = await firm.make(noun, name="other")
    await firm.update(noun, second.id, **{field: key})
    (pair,) = await firm.pairs()
    ids = {getattr(pair, f"{noun.lower()}_id"), getattr(pair, f"other_{noun.lower()}_id")}
    assert ids == {first.id, second.id}


async def test_a_tax_number_that_is_none_stands_in_nobodys_way(firm):
    for text in ("无", "无", "n/a", "n/a", "000000000000", "000000000000"):
        await firm.organization(tax_id=text)


async def test_who_gives_the_id_of_the_record_that_is_there_is_told_about_the_id(firm, refusal):
    given = record("Organization") | {"id": str(uuid.uuid4())}
    await firm.make("Organization", **given)
    error = await refusal(firm.make("Organization", **given))
    assert (type(error), error.reason) == (errors.AlreadyExists, "ALREADY_EXISTS")


async def test_another_tenants_record_is_none_of_this_ones_business(firm, world):
    stranger = await world.person(await world.tenant())
    await firm.make("Organization", stranger, **record("Organization"))
    await firm.make("Organization", **record("Organization"))


# --- many at once


@BOTH
async def test_rows_of_a_batch_that_repeat_a_key_are_refused_each(firm, noun):
    first = await firm.make(noun, **record(noun))
    field = KEYS[noun][0]
    fresh = {field: "B91440300192203821"} if field == "tax_id" else {field: "new@example.com"}
    rows = [
        {noun.lower(): record(noun, 2)},
        {noun.lower(): {"name": "fresh"} | fresh},
        {noun.lower(): {"name": "again"} | fresh},
        {noun.lower(): {"name": "without a key"}},
        {noun.lower(): record(noun), "allow_duplicate": True},
        {noun.lower(): {"name": ""}},
    ]
    reply = await firm.call(f"BatchCreate{noun}s", requests=rows)
    made = getattr(reply, f"{noun.lower()}s")
    assert [one.name for one in made[:2]] == ["fresh", "without a key"]
    assert getattr(made[2], field) == KEYS[noun][1]
    found = [(error.row, error.reason) for error in reply.errors]
    assert found == [(0, "ALREADY_SIMILAR"), (2, "ALREADY_SIMILAR"), (5, "INVALID_FIELDS")]
    assert first.owner_user_id == firm.boss.user_id
    assert "{" not in reply.errors[0].message, "every value of the sentence is there"


async def test_a_row_that_is_meant_holds_its_key_against_the_rows_after_it(firm):
    one, other = record("Organization"), record("Organization", 2)
    rows = [
        {"organization": one, "allow_duplicate": True},
        {"organization": other},
        {"organization": record("Organization"), "allow_duplicate": True},
    ]
    reply = await firm.call("BatchCreateOrganizations", requests=rows)
    assert [error.row for error in reply.errors] == [1]
    assert len(reply.organizations) == 2


async def test_a_batch_is_answered_once_with_its_refusals(firm):
    rows = [{"organization": record("Organization")} for _ in range(2)]
    request = {"requests": rows, "request_id": "r"}
    first = await firm.call("BatchCreateOrganizations", **request)
    assert (len(first.organizations), [e.row for e in first.errors]) == (1, [1])
    assert await firm.call("BatchCreateOrganizations", **request) == first
    assert len(await firm.changes(first.organizations[0].id)) == 1


async def test_twins_of_a_batch_get_one_answer(firm):
    rows = [{"contact": record("Contact")}, {"contact": {"name": "王伟"}}]
    calls = [firm.call("BatchCreateContacts", requests=rows, request_id="r") for _ in range(4)]
    answers = await asyncio.gather(*calls)
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0].contacts) == 2
    assert len((await firm.call("ListContacts")).contacts) == 2


async def test_a_row_the_database_refuses_does_not_take_the_others_with_it(firm):
    rows = [{"organization": {"name": f"o{n}", "external_id": "x"}} for n in range(2)]
    rows.append({"organization": record("Organization")})
    reply = await firm.call("BatchCreateOrganizations", requests=rows)
    assert [(e.row, e.reason) for e in reply.errors] == [(1, "ALREADY_EXISTS")]
    assert reply.organizations[0].name == "o0"
    assert len(reply.organizations) == 2


async def test_a_batch_that_is_too_large_is_refused_whole(firm, refusal):
    rows = [{"organization": {"name": "x"}}] * 1001
    error = await refusal(firm.call("BatchCreateOrganizations", requests=rows))
    assert [v.reason for v in error.violations] == ["TOO_MANY_ROWS"]


async def test_contacts_of_a_batch_say_where_they_work(firm):
    place = await firm.organization(name="华为")
    rows = [{"contact": {"name": "李娜", "organization_id": place.id}}]
    reply = await firm.call("BatchCreateContacts", requests=rows)
    assert reply.contacts[0].organization_name == "华为"


# --- asking before


def told(found) -> list[tuple[str, str, list[str]]]:
    return [
        (
            one.title,
            one.score.value,
            [match_pb2.MatchReason.Name(e.reason)[len("MATCH_REASON_") :] for e in one.evidence],
        )
        for one in found.similar_records
    ]


async def test_who_is_about_to_capture_is_shown_what_is_alike(firm):
    for fields in (
        {"name": "深圳市华为技术有限公司", "phone": "0755-28780808"},
        {"name": "华为终端有限公司", "tax_id": "914403007152137717"},
        {"name": "中国农业银行"},
        {"name": "某某贸易公司", "tax_id": CODE},
    ):
        await firm.organization(**fields)
    found = await firm.find(
        "Organization",
        name="华为技术有限公司",
        phone="+86 755 2878 0808",
        tax_id=CODE.lower(),
    )
    assert told(found) == [
        ("某某贸易公司", "0.95", ["SAME_TAX_ID"]),
        ("深圳市华为技术有限公司", "0.85", ["SAME_NAME", "SAME_PHONE"]),
        ("华为终端有限公司", "0.21", ["SIMILAR_NAME", "DIFFERENT_TAX_ID"]),
    ]
    assert not found.people_to_ask
    assert all(one.owner_user_id == firm.boss.user_id for one in found.similar_records)


async def test_one_field_is_enough_to_ask_with(firm):
    made = await firm.organization(name="Siemens AG", email="Info@Siemens.com", country_code="DE",
                                   phone="089 63600")  # fmt: skip
    for fields, reason in (
        ({"name": "SIEMENS"}, "SAME_NAME"),
        ({"email": "info@siemens.com"}, "SAME_EMAIL"),
        ({"phone": "+49 89 636 00"}, "SAME_PHONE"),
        ({"name": "Seimens Aktiengesellschaft", "email": "info@siemens.com"}, "SAME_EMAIL"),
    ):
        ((title, _, reasons),) = told(await firm.find("Organization", **fields))
        assert (title, reasons) == (made.name, [reason])
    assert not told(await firm.find("Organization"))


async def test_a_record_is_not_like_itself(firm):
    made = await firm.organization(name="华为技术有限公司")
    assert not told(await firm.find("Organization", id=made.id, name=made.name))
    assert told(await firm.find("Organization", name=made.name))


async def test_people_are_found_by_name_address_and_telephone(firm):
    place = await firm.organization(name="华为")
    await firm.contact(name="李娜", organization_id=place.id)
    await firm.contact(name="王伟", mobile="138 0013 8000")
    await firm.contact(name="Zhang Min", email="zhang@example.com")
    await firm.contact(name="陈静", organization_id=place.id)
    found = await firm.find(
        "Contact",
        name="娜 李",
        organization_id=place.id,
        phone="+86 13800138000",
        email="ZHANG@example.com",
    )
    assert told(found) == [
        ("Zhang Min", "0.85", ["SAME_EMAIL"]),
        ("李娜", "0.61", ["SAME_NAME", "SAME_ORGANIZATION"]),
        ("王伟", "0.45", ["SAME_PHONE"]),
    ]


async def test_what_was_made_or_changed_a_moment_ago_is_found(firm, until):
    made = await firm.organization(name="昆山精工机械有限公司")
    assert told(await firm.find("Organization", name="精工机械"))
    await firm.update("Organization", made.id, name="大疆创新科技")

    async def found() -> bool:
        return bool(told(await firm.find("Organization", name="深圳市大疆创新科技有限公司")))

    await until(found)
    assert not told(await firm.find("Organization", name="精工机械"))


async def test_what_is_deleted_is_not_found(firm):
    made = await firm.organization(name="华为技术有限公司")
    await firm.call("DeleteOrganization", id=made.id)
    assert not told(await firm.find("Organization", name="华为技术有限公司"))


@pytest.mark.parametrize("fields", [{"id": "nope"}, {"organization_id": "nope"}])
async def test_nonsense_is_like_nothing(firm, fields):
    await firm.contact(name="李娜")
    found = told(await firm.find("Contact", name="李娜", **fields))
    assert [title for title, *_ in found] == ["李娜"]


# --- walls


@BOTH
async def test_of_what_lies_beyond_ones_reach_one_is_told_whom_to_ask_and_nothing_else(
    firm, refusal, noun, until
):
    """PLT-16: no title, no id, no value of a field."""
    fields = record(noun, name="华为技术有限公司", phone="0755-28780808")
    hidden = await firm.make(noun, **fields)
    rep = await firm.person((f"party.{noun}", "*", Scope.OWN))
    boss = await firm.call("GetUser", id=firm.boss.user_id)

    async def asked() -> str:
        error = await refusal(firm.make(noun, rep, **record(noun, 2)))
        assert error.reason == "ALREADY_SIMILAR"
        assert error.metadata.keys() == {"key", "owner_user_id", "owner"}
        assert error.metadata["owner_user_id"] == boss.id
        return error.metadata["owner"] == boss.display_name

    await until(asked)
    found = await firm.find(noun, rep, **fields)
    assert not found.similar_records
    assert [(p.user_id, p.display_name) for p in found.people_to_ask] == [
        (boss.id, boss.display_name)
    ]
    assert hidden.id.encode() not in found.SerializeToString()
    assert "华为".encode() not in found.SerializeToString()
    reply = await firm.call(f"BatchCreate{noun}s", rep, requests=[{noun.lower(): record(noun)}])
    assert hidden.id not in str(reply)
    assert "华为" not in str(reply)
    # It is theirs to make all the same.
    assert (await firm.make(noun, rep, **record(noun), allow_duplicate=True)).id


async def test_whom_to_ask_is_told_once_and_only_of_what_is_as_good_as_the_same(firm):
    for name in ("华为技术有限公司", "深圳市华为技术有限公司", "华为技术（深圳）有限公司"):
        await firm.organization(name=name)
    rep = await firm.person(("party.Organization", "*", Scope.OWN))
    found = await firm.find("Organization", rep, name="华为技术有限公司")
    assert [person.user_id for person in found.people_to_ask] == [firm.boss.user_id]
    assert not (await firm.find("Organization", rep, name="华为终端有限公司")).people_to_ask


async def test_who_may_not_capture_may_not_ask(firm, refusal):
    """Else whoever may read a little could find out what there is beyond it."""
    reader = await firm.person(
        ("*", "read", Scope.ALL), ("party.Organization", "update", Scope.ALL)
    )
    error = await refusal(firm.find("Organization", reader, name="华为"))
    assert (type(error), error.reason) == (errors.Forbidden, "PERMISSION_DENIED")


async def test_another_tenant_finds_nothing(firm, world):
    await firm.organization(name="华为技术有限公司", tax_id=CODE)
    stranger = await world.person(await world.tenant())
    found = await firm.find("Organization", stranger, name="华为技术有限公司", tax_id=CODE)
    assert found == match_pb2.FindDuplicatesResponse()
