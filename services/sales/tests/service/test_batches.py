"""Many records at once: good rows go in, bad rows are named (PLT-19)."""

import asyncio
import uuid

import pytest

from chassis import errors
from chassis.access import Scope
from chassis.rpc.registry import contract_methods


def rows(*records: dict) -> list[dict]:
    return [{"opportunity": {"name": f"row {n}"} | record} for n, record in enumerate(records)]


async def batch(firm, *records: dict, person=None, **fields):
    requests = rows(*records)
    return await firm.call("BatchCreateOpportunities", person, requests=requests, **fields)


async def in_chinese(firm, *records: dict):
    """Call as somebody who reads Chinese."""
    method = next(m for m in contract_methods() if m.name == "BatchCreateOpportunities")
    call = firm.world.host.channels.to("sales").unary_unary(method.path)
    metadata = firm.boss.metadata | {"accept-language": "zh-CN"}
    return await call(method.request_type(requests=rows(*records)), metadata=metadata)


async def test_good_rows_go_in_in_their_order(firm):
    reply = await batch(firm, {}, {"stage": "proposed"}, {"stage": "lost"})
    assert [deal.name for deal in reply.opportunities] == ["row 0", "row 1", "row 2"]
    assert [deal.stage for deal in reply.opportunities] == ["new", "proposed", "lost"]
    assert not reply.errors
    for deal in reply.opportunities:
        found = await firm.call("GetOpportunity", id=deal.id)
        assert (found.name, found.stage, found.etag) == (deal.name, deal.stage, "1")
        (change,) = await firm.changes("sales", deal.id)
        assert (change.verb, change.version) == ("create", 1)


BAD = {
    "no name": ({"name": ""}, "opportunity.name"),
    "a long name": ({"name": "x" * 201}, "opportunity.name"),
    "an unknown stage": ({"stage": "nowhere"}, "opportunity.stage"),
    "a contradicting outcome": ({"stage": "new", "outcome": 2}, "opportunity.outcome"),
    "an unknown outcome": ({"outcome": 99}, "opportunity.outcome"),
    "no number": ({"amount": {"currency_code": "CNY", "amount": "x"}}, "opportunity.amount"),
    "euros": ({"amount": {"currency_code": "EUR", "amount": "1"}}, "opportunity.amount"),
    "nobody's customer": ({"organization_id": str(uuid.uuid4())}, "opportunity.organization_id"),
    "no id": ({"source_id": "nope"}, "opportunity.source_id"),
    "no day": ({"close_date": {"year": 2026, "month": 13, "day": 1}}, "opportunity.close_date"),
    "a zero byte": ({"note": "a\0b"}, ""),
    "a large number": ({"amount": {"currency_code": "CNY", "amount": "9" * 30}},
                       "opportunity.amount"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_row_is_named_and_the_others_go_in(firm, what):
    """PLT-17, PLT-18: one bad row never stops the good ones, whatever is wrong with it."""
    bad, path = BAD[what]
    reply = await batch(firm, {}, bad, {})
    assert [deal.name for deal in reply.opportunities] == ["row 0", "row 2"]
    (error,) = reply.errors
    assert error.row == 1
    assert error.reason
    assert error.message
    assert error.message != error.reason
    if path:
        assert path in {field.path.removesuffix(".amount") for field in error.fields} | {
            field.path for field in error.fields
        }
    for field in error.fields:
        assert field.reason
        assert field.message
        assert field.message != field.reason
    assert await listed_names(firm) == {"row 0", "row 2"}


async def listed_names(firm) -> set[str]:
    return {deal.name for deal in await firm.listed("ListOpportunities")}


async def test_a_row_without_a_record_is_a_bad_row(firm):
    requests = [{"opportunity": {"name": "good"}}, {}]
    reply = await firm.call("BatchCreateOpportunities", requests=requests)
    assert [deal.name for deal in reply.opportunities] == ["good"]
    assert [(error.row, error.reason) for error in reply.errors] == [(1, "INVALID_FIELDS")]


async def test_every_field_that_is_wrong_with_a_row_is_named_at_once(firm):
    reply = await batch(firm, {"name": "", "source_id": "nope", "stage": "x" * 60})
    assert {(f.path, f.reason) for f in reply.errors[0].fields} >= {
        ("opportunity.name", "STRING_MIN_LEN"),
        ("opportunity.source_id", "NOT_AN_ID"),
        ("opportunity.stage", "STRING_MAX_LEN"),
    }


async def test_what_is_wrong_is_said_in_the_callers_language(firm):
    """PLT-10."""
    euros = {"amount": {"currency_code": "EUR", "amount": "1"}}
    chinese = (await in_chinese(firm, {}, {"stage": "nowhere"}, euros)).errors
    english = (await batch(firm, {}, {"stage": "nowhere"}, euros)).errors
    assert chinese[0].message == "有字段需要修改，逐一列在下面。"
    assert english[0].message == "Some fields need another look; each is named below."
    assert chinese[0].fields[0].message.startswith("销售流程“pipeline ")
    assert english[0].fields[0].message.startswith('The pipeline "pipeline ')
    assert "CNY" in chinese[1].fields[0].message
    assert "EUR" in chinese[1].fields[0].message


async def test_a_refusal_that_is_no_field_is_said_too(firm):
    clerk = await firm.person(
        ("sales.Opportunity", "create", Scope.OWN), ("sales.*", "read", Scope.ALL)
    )
    reply = await batch(firm, {"stage": "won"}, {}, person=clerk)
    assert [(e.row, e.reason) for e in reply.errors] == [(0, "ONLY_IMPORT_MAY")]
    assert reply.errors[0].message
    assert len(reply.opportunities) == 1


async def test_a_row_out_of_reach_is_refused_alone(firm):
    """PLT-16: a batch reaches no further than a single create."""
    clerk = await firm.person(("sales.Opportunity", "create", Scope.OWN), ("*", "read", Scope.ALL))
    theirs = {"owner_user_id": firm.boss.user_id}
    reply = await batch(firm, theirs, {}, person=clerk)
    assert [(e.row, e.reason) for e in reply.errors] == [(0, "OUTSIDE_REACH")]
    assert len(reply.opportunities) == 1


async def test_twins_inside_a_batch_are_told_apart(firm):
    """The first goes in, the second is named; those around them are not affected."""
    key, given = f"x-{uuid.uuid4()}", str(uuid.uuid4())
    reply = await batch(
        firm, {"external_id": key}, {}, {"external_id": key}, {"id": given}, {"id": given}, {}
    )
    assert [deal.name for deal in reply.opportunities] == ["row 0", "row 1", "row 3", "row 5"]
    assert [(e.row, e.reason) for e in reply.errors] == [
        (2, "ALREADY_EXISTS"),
        (4, "ALREADY_EXISTS"),
    ]
    for deal in reply.opportunities:
        assert [c.version for c in await firm.changes("sales", deal.id)] == [1]
    assert len(await firm.changes("sales")) == 1 + 4, "the pipeline and four deals"


async def test_a_row_that_was_there_before_is_named(firm):
    there = await firm.deal(external_id="x-1")
    reply = await batch(firm, {"external_id": "x-1"}, {})
    assert [(e.row, e.reason) for e in reply.errors] == [(0, "ALREADY_EXISTS")]
    assert len(reply.opportunities) == 1
    assert (await firm.call("GetOpportunity", id=there.id)).etag == "1"


async def test_a_batch_sent_twice_goes_in_once_and_says_the_same(firm, refusal):
    """Refusals included, even when what was wrong has been put right meanwhile."""
    bad = {"external_id": "x-1"}
    there = await firm.deal(**bad)
    first = await batch(firm, {}, bad, {"stage": "nowhere"}, request_id="r")
    assert [e.row for e in first.errors] == [1, 2]
    await firm.call("DeleteOpportunity", id=there.id)
    assert await batch(firm, {}, bad, {"stage": "nowhere"}, request_id="r") == first
    assert await listed_names(firm) == {"row 0"}
    error = await refusal(batch(firm, {"name": "other"}, request_id="r"))
    assert error.reason == "REQUEST_ID_REUSED"


async def test_a_batch_of_refusals_only_is_remembered_too(firm):
    first = await batch(firm, {"stage": "nowhere"}, request_id="r")
    assert await batch(firm, {"stage": "nowhere"}, request_id="r") == first
    assert not first.opportunities


async def test_twin_batches_in_flight_go_in_once(firm):
    """AIP-155: whoever asks twice at the same time gets one answer, not a fault."""
    replies = await asyncio.gather(
        *(batch(firm, {}, {}, request_id="r") for _ in range(3)), return_exceptions=True
    )
    assert await listed_names(firm) == {"row 0", "row 1"}
    assert all(reply == replies[0] for reply in replies), replies


async def test_more_than_a_thousand_rows_are_refused(firm, refusal):
    requests = rows(*[{}] * 1001)
    error = await refusal(firm.call("BatchCreateOpportunities", requests=requests))
    (found,) = error.violations
    assert (found.path, found.reason) == ("requests", "TOO_MANY_ROWS")
    assert found.metadata == {"limit": "1000"}
    assert await listed_names(firm) == set()


async def test_a_thousand_rows_with_twins_among_them_go_in(firm):
    records = [{"external_id": f"x-{n % 990}"} for n in range(1000)]
    reply = await batch(firm, *records)
    assert len(reply.opportunities) == 990
    assert [e.row for e in reply.errors] == list(range(990, 1000))


async def test_what_rows_refer_to_is_asked_once(firm, monkeypatch):
    """A thousand rows of one customer are one question to party."""
    customer, source = await firm.organization(), await firm.call(
        "CreateSource", source={"name": str(uuid.uuid4())}
    )  # fmt: skip
    asked: list[str] = []
    channels = firm.world.host.channels
    party = channels.to("party")
    original = type(party).unary_unary

    def counting(channel, path, *arguments, **fields):
        asked.append(path.rpartition("/")[2])
        return original(channel, path, *arguments, **fields)

    monkeypatch.setattr(type(party), "unary_unary", counting)
    record = {"organization_id": customer.id, "source_id": source.id}
    bad = {"organization_id": str(uuid.uuid4())}
    reply = await batch(firm, *[record] * 20, bad, bad)
    monkeypatch.undo()
    assert len(reply.opportunities) == 20
    # The customer and the ones that are not there come in one answer.
    of_party = [name for name in asked if "Organization" in name or "Source" in name]
    assert sorted(of_party) == ["ListOrganizations", "ListSources"]


async def test_what_went_in_is_given_back_as_a_reader_would_get_it(firm, until):
    """The title of what a row refers to stands in the answer of a batch as in that of a create."""
    customer = await firm.organization()
    earlier = await firm.deal(organization_id=customer.id)

    async def titled():
        found = await firm.call("GetOpportunity", id=earlier.id)
        return found.organization_name == customer.name

    await until(titled)
    reply = await batch(firm, {"organization_id": customer.id})
    (deal,) = reply.opportunities
    assert deal == await firm.call("GetOpportunity", id=deal.id)
    assert deal.pipeline_name == firm.pipeline.name


async def test_leads_come_in_by_the_batch(firm):
    """SAL-01: many leads at once, each open."""
    requests = [{"lead": {"name": f"lead {n}", "email": f" A{n}@B.cn"}} for n in range(3)]
    requests[1]["lead"]["email"] = "nobody"
    reply = await firm.call("BatchCreateLeads", requests=requests)
    assert [lead.email for lead in reply.leads] == ["a0@b.cn", "a2@b.cn"]
    (error,) = reply.errors
    assert (error.row, error.fields[0].path) == (1, "lead.email")


async def test_who_may_not_create_gets_nothing_in(firm, refusal):
    reader = await firm.person(("*", "read", Scope.ALL))
    try:
        reply = await batch(firm, {}, {}, person=reader)
    except errors.Forbidden:
        return
    assert [error.reason for error in reply.errors] == ["PERMISSION_DENIED"] * 2
    assert await listed_names(firm) == set()
