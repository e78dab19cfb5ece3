"""A definition without a label is called after its identifier (PLT-26)."""

import pytest
from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from studio.custom_field import prepare_create
from studio.label import spelled_out
from studio.picklist import prepare_update


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("seats", "Seats"),
        ("deliveryTerms", "Delivery terms"),
        ("outcome_reason", "Outcome reason"),
        ("taxID", "Tax ID"),
        ("floor2Area", "Floor 2 area"),
    ],
)
def test_an_identifier_is_spelled_out(identifier, text):
    assert spelled_out(identifier) == text


def test_a_field_without_a_label_gets_one(around):
    field = custom_field_pb2.CustomField(key="deliveryTerms")
    prepare_create(field, around())
    assert (field.label_en, field.label_zh) == ("Delivery terms", "")


def test_a_label_in_one_language_is_enough(around):
    field = custom_field_pb2.CustomField(key="deliveryTerms", label_zh="交货条件")
    prepare_create(field, around())
    assert (field.label_en, field.label_zh) == ("", "交货条件")


def test_a_list_whose_label_is_taken_away_is_called_after_its_name(around):
    old = picklist_pb2.Picklist(name="source_kind", label_en="Kind")
    new = picklist_pb2.Picklist(name="source_kind")
    prepare_update(old, new, around())
    assert new.label_en == "Source kind"
