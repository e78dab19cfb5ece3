"""What a dry run would have made counts as there: its unique keys too (PLT-19)."""

import yaml
from banyan.catalog.v1 import product_category_pb2

from documents.imports.mapping import read_map
from documents.imports.rows import Planned
from documents.imports.trying import Trial

MAP = {"files": [{"file": "a.csv", "records": [{"noun": "catalog.ProductCategory",
       "key": {"externalId": "{key}"}}]}]}  # fmt: skip
CATEGORIES = read_map(yaml.safe_dump(MAP)).files[0].records[0]


def taken(trial, number, **fields):
    record = product_category_pb2.ProductCategory(id=f"id-{number}", **fields)
    return trial.taken(
        Planned(CATEGORIES, number, record, (), None, False, frozenset(), {}), record
    )


def test_a_key_is_taken_by_the_first_that_has_it():
    trial = Trial(frozenset())
    assert taken(trial, 1, code="A", name="Hats") == ""
    assert taken(trial, 2, code="A", name="Shoes") == "code"
    assert taken(trial, 1, code="A", name="Hats") == ""


def test_a_key_of_several_fields_is_one_where_all_are_set():
    trial = Trial(frozenset())
    below = {"name": "Hats", "parent_product_category_id": "id-9"}
    assert taken(trial, 1, name="Hats") == ""
    assert taken(trial, 2, name="Hats") == ""
    assert taken(trial, 3, **below) == ""
    assert taken(trial, 4, **below) == "parent_product_category_id_name"


def test_what_is_refused_for_one_key_takes_no_other():
    trial = Trial(frozenset())
    below = {"name": "Hats", "parent_product_category_id": "id-9"}
    assert taken(trial, 1, **below) == ""
    assert taken(trial, 2, code="A", **below) == "parent_product_category_id_name"
    assert taken(trial, 3, code="A") == ""
