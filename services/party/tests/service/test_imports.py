"""Every noun of party comes in in batches and can be counted (PLT-19)."""

import pytest

from chassis.rpc.registry import contract_methods
from chassis.testing.samples import samples_for
from party.service import SERVICE

NOUNS = {noun.name: noun for noun in SERVICE.nouns}


@pytest.mark.parametrize("name", NOUNS)
async def test_a_noun_comes_in_in_batches_and_is_counted(firm, name):
    noun = NOUNS[name]
    methods = {method.verb: method for method in noun.rpcs}
    samples = await samples_for(noun, firm.world, firm.boss)
    good, bad = samples.make(), samples.make()
    bad.owner_user_id = "nobody"
    rows = [{noun.table_name: record} for record in (good, bad)]
    reply = await firm.call(methods["BatchCreate"].name, requests=rows)
    (made,) = getattr(reply, noun.resource.plural)
    assert (made.etag, made.creator_user_id) == ("1", firm.boss.user_id)
    (error,) = reply.errors
    assert [(f.path, f.reason) for f in error.fields] == [
        (f"{noun.table_name}.owner_user_id", "NOT_AN_ID")
    ]
    summary = await firm.call(methods["Summarize"].name, filter=f'id = "{made.id}"')
    assert summary.totals.values["count"].string_value == "1"


def test_no_noun_lacks_a_standard_verb():
    wanted = {"Get", "List", "Create", "BatchCreate", "Update", "Delete", "Undelete", "Summarize"}
    of_party = [method for method in contract_methods("party") if method.resource in NOUNS]
    for name in NOUNS:
        assert {m.verb for m in of_party if m.resource == name} >= wanted, name
