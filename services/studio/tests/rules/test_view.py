"""A view asks nothing that its noun does not answer (PLT-25)."""

from typing import Any

import pytest
from banyan.studio.v1 import view_pb2

from chassis import errors
from chassis.access import Scope
from studio.view import (
    check_custom_columns,
    custom_key,
    in_order,
    prepare_create,
    prepare_update,
    validate,
)

View = view_pb2.View
OWNER, UNIT, EVERYBODY = View.SHARING_OWNER, View.SHARING_UNIT, View.SHARING_EVERYBODY


def view(**fields: Any) -> View:
    return View(**({"name": "mine", "resource_type": "sales.banyan/Opportunity"} | fields))


def test_a_view_of_every_part_is_fine(around):
    made = view(
        columns=["name", "closeDate", "close_date", "amount.currencyCode", "organizationName"],
        filter='outcome = OPEN AND amount > 1000 AND subtree(org_unit_id, "'
        '0198a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b")',
        order_by="closeDate desc, name",
        group_by='stage, fiscalQuarter(closeDate), ancestor(orgUnitId, "TEAM")',
    )
    validate(made, around())
    validate(view(), around())


def test_a_noun_that_is_not_in_the_contract_is_refused(around, refused):
    assert refused(validate, view(resource_type="Opportunity"), around()) == [
        ("view.resource_type", "UNKNOWN_RESOURCE_TYPE", {"found": "Opportunity"})
    ]


def test_columns_that_are_no_fields_are_named_by_their_place(around, refused):
    wrong = ["nmae", "name.first", "amount.cents", "id.", "amount.", ""]
    columns = ["name", *wrong, "amount"]
    assert refused(validate, view(columns=columns), around()) == [
        (f"view.columns[{place}]", "UNKNOWN_FIELD", {"field": path})
        for place, path in enumerate(wrong, 1)
    ]


def test_a_path_does_not_lead_through_a_list(around, refused):
    made = view(resource_type="sales.banyan/Pipeline", columns=["stages", "stages.key"])
    assert refused(validate, made, around()) == [
        ("view.columns[1]", "UNKNOWN_FIELD", {"field": "stages.key"})
    ]


@pytest.mark.parametrize(
    ("part", "text", "reason", "told"),
    [
        ("filter", "nmae = 1", "NOT_FILTERABLE", {"field": "nmae"}),
        ("filter", "name =", "INVALID_FILTER", {"position": "7", "found": ""}),
        ("filter", "amount > lots", "INVALID_LITERAL", {"field": "amount", "value": "lots"}),
        ("order_by", "note", "NOT_SORTABLE", {"field": "note"}),
        ("order_by", "name down", "INVALID_ORDER", {"found": "name down"}),
        ("group_by", "note", "NOT_GROUPABLE", {"field": "note"}),
        ("group_by", "month(stage)", "INVALID_GROUP", {"found": "month(stage)"}),
        ("group_by", "stage, stage, kind, outcome, contactId", "TOO_MANY_TERMS", {"limit": "4"}),
    ],
)
def test_a_question_the_noun_refuses_is_refused_here(part, text, reason, told, around, refused):
    assert refused(validate, view(**{part: text}), around()) == [(f"view.{part}", reason, told)]


def test_everything_that_is_wrong_is_named_at_once(around, refused):
    made = view(columns=["nmae"], filter="nmae = 1", order_by="nmae", group_by="nmae")
    paths = [path for path, _, _ in refused(validate, made, around())]
    assert paths == ["view.columns[0]", "view.filter", "view.order_by", "view.group_by"]


# --- columns of custom fields


def test_a_column_of_a_custom_field_is_known_by_its_key():
    assert custom_key("customFields.deliveryTerms") == "deliveryTerms"
    assert custom_key("custom_fields.deliveryTerms") == "deliveryTerms"
    assert custom_key("name") == custom_key("customFields") == ""


def test_columns_of_custom_fields_need_a_definition(refused):
    columns = ["name", "customFields.seats", "custom_fields.deliveryTerms"]
    check_custom_columns(columns, {"seats", "deliveryTerms"})
    assert refused(check_custom_columns, columns, {"seats", "terms"}) == [
        ("view.columns[2]", "UNKNOWN_FIELD", {"field": "custom_fields.deliveryTerms"})
    ]


# --- sharing


def shared(sharing: Any = OWNER, **fields: Any) -> View:
    return view(sharing=sharing, owner_user_id="u", org_unit_id="team", **fields)


def test_a_view_is_its_owners_unless_told_otherwise(around):
    made = view()
    prepare_create(made, around())
    assert made.sharing == OWNER
    cleared = view()
    prepare_update(shared(), cleared, around())
    assert cleared.sharing == OWNER


@pytest.mark.parametrize("sharing", [UNIT, EVERYBODY])
def test_sharing_takes_a_right_of_its_own(sharing, around):
    """PLT-16: what everybody sees is not for everybody to say."""
    may = around(("create", Scope.ALL), ("update", Scope.ALL), ("share", Scope.OWN))
    may_not = around(("create", Scope.ALL), ("update", Scope.ALL))
    prepare_create(shared(sharing), may)
    prepare_update(shared(), shared(sharing), may)
    for attempt in (
        lambda: prepare_create(shared(sharing), may_not),
        lambda: prepare_update(shared(), shared(sharing), may_not),
    ):
        with pytest.raises(errors.Forbidden) as caught:
            attempt()
        assert caught.value.metadata == {"action": "share", "resource": "studio.View"}


def test_the_right_to_share_ends_where_it_reaches(around):
    others = shared(EVERYBODY)
    others.owner_user_id = "v"
    with pytest.raises(errors.Forbidden):
        prepare_create(others, around(("share", Scope.OWN)))


def test_a_view_of_a_unit_goes_to_another_unit_only_by_sharing(around):
    moved = shared(UNIT)
    moved.org_unit_id = "top"
    with pytest.raises(errors.Forbidden):
        prepare_update(shared(UNIT), moved, around(("update", Scope.ALL)))
    prepare_update(shared(UNIT), moved, around(("share", Scope.ALL)))


def test_sharing_less_or_changing_what_is_shared_takes_no_such_right(around):
    update_only = around(("update", Scope.ALL))
    prepare_update(shared(EVERYBODY), shared(UNIT), update_only)
    prepare_update(shared(EVERYBODY), shared(EVERYBODY, filter="outcome = OPEN"), update_only)


def test_views_are_offered_preferred_first_and_the_nearest_before_the_rest():
    def made(name: str, owner: str, sharing: Any, preferred: bool = False, **fields: Any) -> View:
        return view(name=name, owner_user_id=owner, sharing=sharing, preferred=preferred, **fields)

    views = [
        made("everybody's", "v", EVERYBODY),
        made("everybody's first", "v", EVERYBODY, True),
        made("the unit's", "v", UNIT),
        made("the unit's first", "v", UNIT, True),
        made("own b", "u", EVERYBODY),
        made("own a", "u", OWNER),
        made("own first", "u", OWNER, True),
        made("of leads", "v", EVERYBODY, resource_type="sales.banyan/Lead"),
    ]
    assert [found.name for found in in_order(views, "u")] == [
        "of leads",
        *("own first", "the unit's first", "everybody's first"),
        *("own a", "own b", "the unit's", "everybody's"),
    ]
