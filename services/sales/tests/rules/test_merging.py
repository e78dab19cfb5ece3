"""Whatever here refers to an organization or a contact can follow a merge (PLT-17)."""

import pytest
from google.protobuf.descriptor import Descriptor

from chassis.resources.columns import reference_type
from sales.merging import MERGEABLE
from sales.service import SERVICE

NOUNS = {noun.name: noun for noun in SERVICE.nouns}


def refers(message: Descriptor) -> set[str]:
    """Name the fields of a message, and of what is in it, that refer to what can be merged."""
    found = {field.full_name for field in message.fields if reference_type(field) in MERGEABLE}
    for field in message.fields:
        inner = field.message_type
        if inner is not None and inner.file.package == message.file.package:
            found |= refers(inner)
    return found


@pytest.mark.parametrize("name", NOUNS)
def test_a_noun_that_refers_to_what_can_be_merged_keeps_what_a_merge_moved(name):
    noun = NOUNS[name]
    found = refers(noun.descriptor)
    assert ("moved_by" in noun.private) == bool(found)
    plain = {
        field.full_name
        for field in noun.fields.values()
        if reference_type(field) in MERGEABLE and not field.is_repeated
    }
    assert found == plain, "a list, or a message inside, is not followed"
