"""The OpenAPI document: whole, closed in itself, and true to what it reads and writes (PLT-09)."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import pytest_asyncio
from banyan.api.v1 import options_pb2
from banyan.party.v1 import source_pb2
from google.protobuf import descriptor_pool

from chassis import errors
from chassis.rpc import http_rule
from chassis.rpc.registry import contract_methods
from gateway.routes import Routes

REF = "#/components/schemas/"


@pytest_asyncio.fixture
async def contract(http) -> dict[str, Any]:
    answer = await http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Give every object in a document, at any depth."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from objects(item)


def operations(contract: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {op["operationId"]: op for verbs in contract["paths"].values() for op in verbs.values()}


def validator(contract: dict[str, Any], name: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$ref": REF + name, "components": contract["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def test_every_method_with_a_path_is_described(contract):
    expected = {m.name for m in contract_methods() if http_rule(m) is not None}
    assert "CreateSource" in expected
    assert {"WriteDocumentContent", "WriteDocumentContent2"} <= set(operations(contract))
    assert {route.method.name for route in Routes().all} == expected
    assert sorted(operations(contract)) == sorted(route.name for route in Routes().all)


def test_every_verb_and_path_are_those_of_the_contract(contract):
    found = {
        (op["operationId"], verb, path)
        for path, verbs in contract["paths"].items()
        for verb, op in verbs.items()
    }
    assert {
        ("GetSource", "get", "/v1/sources/{id}"),
        ("UpdateSource", "patch", "/v1/sources/{id}"),
        ("DeleteSource", "delete", "/v1/sources/{id}"),
        ("CreateSource", "post", "/v1/sources"),
        ("ListSources", "get", "/v1/sources"),
        ("UndeleteSource", "post", "/v1/sources/{id}:undelete"),
    } <= found


def test_every_reference_leads_somewhere_and_every_schema_is_used(contract):
    named = {o["$ref"].removeprefix(REF) for o in objects(contract) if "$ref" in o}
    assert named == set(contract["components"]["schemas"])


def test_every_schema_is_one(contract):
    schemas = contract["components"]["schemas"]
    broken = [name for name, schema in schemas.items() if not jsonschema_rs.meta.is_valid(schema)]
    assert broken == []


def test_every_example_fits_its_schema(contract):
    with_examples = [o for o in objects(contract["components"]["schemas"]) if "examples" in o]
    assert with_examples
    for schema in with_examples:
        for example in schema["examples"]:
            whole = {**schema, "components": contract["components"]}
            jsonschema_rs.validate(whole, example, validate_formats=True)


def test_every_variable_of_a_path_is_a_required_parameter(contract):
    for path, verbs in contract["paths"].items():
        variables = {part.split("}")[0] for part in path.split("{")[1:]}
        for operation in verbs.values():
            asked = [p for p in operation["parameters"] if p["in"] == "path"]
            assert {p["name"] for p in asked} == variables
            assert all(p["required"] for p in asked)


def test_every_operation_but_the_public_ones_asks_for_a_token(contract):
    """Nothing asks for a token unless it is said: the document has no security of its own."""
    assert "security" not in contract
    public = {m.name for m in contract_methods() if m.access == options_pb2.ACCESS_PUBLIC}
    assert "SignIn" in public
    for name, operation in operations(contract).items():
        if name in public:
            assert "security" not in operation
        else:
            assert operation["security"] == [{"token": []}]


def test_every_operation_names_every_refusal(contract):
    always = "400 401 403 404 405 409 412 413 415 422 429 500 503 504 default"
    for name, operation in operations(contract).items():
        refusals = {status for status in operation["responses"] if status not in ("200", "201")}
        of_ranges = {"206", "416"} if name == "ReadDocumentContent2" else set()
        assert refusals == {*always.split(), *of_ranges}


def test_content_comes_and_goes_as_it_is(contract):
    path = contract["paths"]["/v1/documents/{id}/content"]
    put, get = path["put"], path["get"]
    limit = {"description": "At most 209715200 bytes"}
    assert put["requestBody"] == {"required": True, "content": {"*/*": {}}, **limit}
    assert list(put["responses"]["200"]["content"]) == ["application/json"]
    assert [p["name"] for p in put["parameters"]] == ["id", "offset", "sha256", "etag", "If-Match"]
    for status in ("200", "206"):
        assert get["responses"][status]["content"] == {"*/*": {}}
    assert [p["name"] for p in get["parameters"]] == ["id", "versionNumber", "Range"]


def test_a_record_is_created_and_everything_else_is_done(contract):
    made = {name for name, op in operations(contract).items() if "201" in op["responses"]}
    done = {name for name, op in operations(contract).items() if "200" in op["responses"]}
    assert made == {name for name in operations(contract) if name.startswith("Create")}
    assert made.isdisjoint(done)


def test_parameters_are_what_neither_path_nor_body_say(contract):
    found = {
        name: {p["name"] for p in op["parameters"] if p["in"] == "query"}
        for name, op in operations(contract).items()
    }
    assert found["GetSource"] == {"readMask"}
    assert found["DeleteSource"] == {"etag"}
    assert found["UpdateSource"] == {"updateMask", "validateOnly"}
    assert found["CreateSource"] == found["UndeleteSource"] == set()
    assert {"pageSize", "pageToken", "filter", "orderBy", "showDeleted"} <= found["ListSources"]


def test_the_musts_and_limits_of_the_contract_are_carried_over(contract):
    reads = validator(contract, "party.v1.Source.Input").is_valid
    assert reads({"name": "a" * 200, "kind": "fair"})
    assert not reads({"kind": "fair"})
    assert not reads({"name": ""})
    assert not reads({"name": "a" * 201})
    assert not reads({"name": "a", "colour": "red"})
    assert not reads({"name": "a", "ownerUserId": "nobody"})


def test_a_change_has_no_musts(contract):
    reads = validator(contract, "party.v1.Source.Patch").is_valid
    assert reads({})
    assert reads({"kind": "fair"})
    assert not reads({"colour": "red"})


@pytest.mark.parametrize("part", ["full", "bare"])
async def test_a_record_fits_its_schema(http, behind, contract, source_id, part):
    full = source_pb2.Source(
        id=source_id, etag="1", name="a", retired=True, owner_user_id=source_id
    )
    full.create_time.FromJsonString("2026-03-01T09:30:00.123456Z")
    behind.reply = full if part == "full" else source_pb2.Source()
    answer = await http.get(f"/v1/sources/{source_id}")
    validator(contract, "party.v1.Source").validate(answer.json())


async def test_a_list_fits_its_schema(http, behind, contract, source_id):
    behind.reply = source_pb2.ListSourcesResponse(
        sources=[source_pb2.Source(id=source_id)], next_page_token="t", total_size=3
    )
    answer = await http.get("/v1/sources")
    validator(contract, "party.v1.ListSourcesResponse").validate(answer.json())


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("NOT_FOUND", id="a"),
        errors.invalid_field("source.name", "NOT_A_STRING"),
        errors.Unavailable("DATABASE_BUSY", retry_after=1),
        RuntimeError("unforeseen"),
    ],
)
async def test_a_problem_fits_its_schema(http, behind, contract, error):
    behind.reply = error
    answer = await http.get("/v1/sources")
    assert answer.json()["reason"]
    validator(contract, "Problem").validate(answer.json())


def test_every_message_that_is_written_names_all_its_fields(contract):
    pool = descriptor_pool.Default()
    written = {
        name: schema
        for name, schema in contract["components"]["schemas"].items()
        if name != "Problem" and not name.endswith((".Input", ".Patch"))
    }
    assert "party.v1.Source" in written
    for name, schema in written.items():
        fields = pool.FindMessageTypeByName(f"banyan.{name}").fields
        assert set(schema["properties"]) == {field.json_name for field in fields}


def test_what_the_contract_says_of_things_is_carried_over(contract):
    """A comment describes message, field, value and method; what all requests have, one text."""
    schemas = contract["components"]["schemas"]
    deal = schemas["sales.v1.Opportunity"]["properties"]
    assert deal["sourceId"]["description"] == "Where it came from."
    assert "description" not in deal["id"]
    assert deal["kind"]["description"].splitlines()[1:] == [
        "- OPPORTUNITY: A deal with a customer.",
        "- STRATEGY: A plan for a market, without a customer.",
    ]
    row = schemas["api.v1.RowError"]
    assert row["description"].startswith("Why a row of a batch was refused")
    listed = {p["name"]: p for p in operations(contract)["ListOpportunities"]["parameters"]}
    assert "AIP-160" in listed["filter"]["description"]
    summed = {p["name"]: p for p in operations(contract)["SummarizeOpportunities"]["parameters"]}
    assert "fiscalYear" in summed["groupBy"]["description"]
