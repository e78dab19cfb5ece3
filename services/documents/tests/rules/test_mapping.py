"""Maps say what rows are; what they say wrong is refused with its place (PLT-19)."""

import decimal

import pytest

from chassis import errors
from documents.imports.mapping import (
    Constant,
    Find,
    First,
    Template,
    Times,
    read_map,
)

WHOLE = """
once:
  - noun: party.Source
    key: {name: Old CRM}
files:
  - file: firms.csv
    headings: {公司: firm}
    values: {country: {Deutschland: DE, 1: CN}}
    dates: DAY_FIRST
    numbers: COMMA
    encoding: gb18030
    delimiter: ;
    sheet: 2026
    records:
      - noun: party.Organization
        key: {externalId: "firm {firm}"}
        when: "{firm}"
        currency: EUR
        fields:
          name: "{firm} ({country|lower})"
          employee_count: "{staff}"
          annualRevenue: {value: "{revenue}", times: 0.01}
          roles: [customer]
          parentOrganizationId:
            {find: party.Organization, externalId: "firm {parent}", take: parentOrganizationId}
          industry: {first: ["{sector}", {first: ["{trade}"]}, "?"]}
"""


def map_of(fields: str = "", key: str = "{externalId: '{k}'}", rest: str = "") -> str:
    record = f"{{noun: party.Organization, key: {key}, fields: {{{fields}}}}}"
    return f"files: [{{file: a.csv, records: [{record}]{rest}}}]"


def refusal(text: str) -> tuple[str, dict[str, str]]:
    with pytest.raises(errors.Invalid) as caught:
        read_map(text)
    return caught.value.reason, dict(caught.value.metadata)


def filled(text: str, **row: str) -> str:
    (file,) = read_map(map_of(f'name: "{text}"')).files
    (template,) = [e for name, e in file.records[0].fields if name == "name"]
    assert isinstance(template, Template)
    return template.text(row)


def test_every_word_of_a_map_means_something():
    wanted = read_map(WHOLE)
    (once,), (file,) = wanted.once, wanted.files
    assert once.noun.name == "party.Source"
    assert once.key == (("name", Template(("Old CRM",))),)
    assert (file.file, file.headings) == ("firms.csv", {"公司": "firm"})
    assert file.values == {"country": {"Deutschland": "DE", "1": "CN"}}
    assert file.hints == {
        "dates": "DAY_FIRST",
        "numbers": "COMMA",
        "encoding": "gb18030",
        "delimiter": ";",
        "sheet": "2026",
    }
    assert file.columns == {"firm", "country", "staff", "revenue", "parent", "sector", "trade"}
    (record,) = file.records
    assert record.currency == "EUR"
    assert record.when == Template((("firm", ""),))
    fields = dict(record.fields)
    assert next(iter(fields)) == "external_id"  # the key fills its own fields
    assert fields["name"] == Template((("firm", ""), " (", ("country", "lower"), ")"))
    assert fields["employee_count"] == Template((("staff", ""),))
    assert fields["annual_revenue"] == Times(Template((("revenue", ""),)), decimal.Decimal("0.01"))
    roles, parent, industry = (
        fields[name] for name in ("roles", "parent_organization_id", "industry")
    )
    assert isinstance(roles, Constant)
    assert list(roles.record.roles) == ["customer"]
    assert isinstance(parent, Find)
    assert (parent.noun.name, parent.names) == ("party.Organization", ("external_id",))
    assert parent.take == "parent_organization_id"
    assert industry == First(
        (Template((("sector", ""),)), First((Template((("trade", ""),)),)), Template(("?",)))
    )
    assert wanted.looked_up == {"party.Organization": {("external_id",)}}


@pytest.mark.parametrize(
    ("template", "row", "text"),
    [
        ("{a}", {"a": "x"}, "x"),
        ("{a} {b}", {"a": "x", "b": "y"}, "x y"),
        ("{a} {b}", {"a": "x", "b": ""}, ""),  # empty as soon as one of its columns is
        ("plain", {}, "plain"),
        ("{ first name }", {"first name": "Li"}, "Li"),
        ("{a|lower}", {"a": "WON"}, "won"),
        ("{a|upper}", {"a": "de"}, "DE"),
        ("{a|slug}@example.com", {"a": "Zoë  O'Neill"}, "zoe.o.neill@example.com"),
        ("{a|slug}", {"a": "王 小明"}, "wang.xiao.ming"),
        ("{{a}}", {"a": "x"}, "{x}"),
        ("{", {}, "{"),
    ],
)
def test_columns_are_filled_in(template, row, text):
    assert filled(template, **row) == text


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        ("[]", "", "list of names and values"),
        ("", "", "list of names and values"),
        ("file: a.csv", "", "file means nothing here"),
        ("once: []", "", "files is missing"),
        ("files: {}", "files", "must be a list"),
        ("{once: {}, files: []}", "once", "must be a list"),
        ("files: [a.csv]", "files[0]", "list of names and values"),
        ("files: [{file: a.csv}]", "files[0]", "records is missing"),
        ("files: [{records: []}]", "files[0]", "file is missing"),
        ("files: [{file: '', records: []}]", "files[0].file", "must not be empty"),
        ("files: [{file: [a], records: []}]", "files[0].file", "must be a text"),
        (map_of(rest=", colour: red"), "files[0]", "colour means nothing here"),
        (map_of(rest=", values: [a]"), "files[0].values", "list of names and values"),
        (map_of(rest=", values: {c: x}"), "files[0].values.c", "list of names and values"),
        (map_of(rest=", values: {c: {Norge: NO}}"), "files[0].values.c", "quotation marks"),
        (map_of(rest=", dates: EUROPEAN"), "files[0].dates", "MONTH_FIRST"),
        (map_of(rest=", numbers: GERMAN"), "files[0].numbers", "COMMA"),
        (map_of(key="{}"), "files[0].records[0].key", "one field at least"),
        (map_of(key="[a]"), "files[0].records[0].key", "list of names and values"),
        (map_of(key="{employeeCount: '{n}'}"), "files[0].records[0].key", "by employeeCount"),
        (map_of(key="{roles: '{n}'}"), "files[0].records[0].key", "by roles"),
        (map_of(key="{note: '{n}'}"), "files[0].records[0].key", "by note"),
        (map_of("name: true"), "files[0].records[0].fields.name", "no value of name"),
        (map_of("foundedYear: 99999999999"), "files[0].records[0].fields.foundedYear", "no value"),
        (map_of("name: {value: '{a}'}"), "files[0].records[0].fields.name", "no value of name"),
        (map_of("name: '{a|shout}'"), "files[0].records[0].fields.name", "no filter shout"),
        (map_of("externalId: x"), "files[0].records[0].fields.externalId", "filled already"),
        (
            map_of("annualRevenue: a, annual_revenue: b"),
            "files[0].records[0].fields.annual_revenue",
            "filled already",
        ),
        (
            map_of("annualRevenue: {value: '{a}', times: ten}"),
            "files[0].records[0].fields.annualRevenue.times",
            "must be a number",
        ),
        (
            map_of("annualRevenue: {value: '{a}', times: .inf}"),
            "files[0].records[0].fields.annualRevenue.times",
            "must be a number",
        ),
        (
            map_of("annualRevenue: {value: '{a}', times: .nan}"),
            "files[0].records[0].fields.annualRevenue.times",
            "must be a number",
        ),
        (
            map_of("annualRevenue: {value: '{a}', times: 2, plus: 1}"),
            "files[0].records[0].fields.annualRevenue",
            "plus means nothing here",
        ),
        (
            map_of("name: {first: ['{a}', {first: '{b}'}]}"),
            "files[0].records[0].fields.name.first[1].first",
            "must be a list",
        ),
        (
            map_of("parentOrganizationId: {find: party.Organization}"),
            "files[0].records[0].fields.parentOrganizationId",
            "by which field",
        ),
        (
            map_of("parentOrganizationId: {find: party.Organization, employeeCount: '{a}'}"),
            "files[0].records[0].fields.parentOrganizationId",
            "by employeeCount",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, place, detail):
    reason, metadata = refusal(text)
    assert (reason, metadata["at"]) == ("INVALID_MAP", place)
    assert detail in metadata["detail"]


@pytest.mark.parametrize(
    ("text", "reason", "metadata"),
    [
        (
            "files: [{file: a, records: [{noun: party.Nothing, key: {id: x}}]}]",
            "MAP_NOUN_UNKNOWN",
            {"noun": "party.Nothing"},
        ),
        (
            "files: [{file: a, records: [{noun: documents.ImportProblem, key: {id: x}}]}]",
            "MAP_NOUN_NOT_MADE",
            {"noun": "documents.ImportProblem"},
        ),
        (
            map_of("colour: red"),
            "MAP_FIELD_UNKNOWN",
            {"noun": "party.Organization", "field": "colour"},
        ),
        (
            map_of("parentOrganizationId: {find: party.Organization, name: '{a}', take: colour}"),
            "MAP_FIELD_UNKNOWN",
            {"noun": "party.Organization", "field": "colour"},
        ),
        (
            map_of("parentOrganizationName: '{a}'"),
            "MAP_FIELD_READ_ONLY",
            {"noun": "party.Organization", "field": "parentOrganizationName"},
        ),
        *(
            (map_of(f"{name}: '{{a}}'"), "MAP_FIELD_OUTPUT_ONLY", {
                "noun": "party.Organization", "field": name,
            })
            for name in ("id", "etag", "createTime", "creatorUserId")
        ),
        (
            map_of("name: {value: '{a}', currency: '{b}'}"),
            "INVALID_MAP",
            {
                "at": "files[0].records[0].fields.name.currency",
                "detail": "only amounts have a currency",
            },
        ),
    ],
)  # fmt: skip
def test_what_the_contract_does_not_know_is_refused(text, reason, metadata):
    assert refusal(text) == (reason, metadata)


@pytest.mark.parametrize("text", ["files: [", "a: !!python/object:os.system {}", "a: b: c"])
def test_what_is_no_yaml_says_where(text):
    reason, metadata = refusal(text)
    assert (reason, metadata["at"]) == ("INVALID_MAP", "")
    assert "line 1" in metadata["detail"]


def test_yaml_that_refers_to_itself_or_is_too_deep_is_refused():
    assert refusal("files: &a [*a]")[0] == "INVALID_MAP"
    assert refusal("[" * 5000)[0] == "INVALID_MAP"


def test_the_example_that_is_handed_out_can_be_read(request):
    path = request.config.rootpath / "examples/import/crm-export.yaml"
    wanted = read_map(path.read_text(encoding="utf-8"))
    assert [file.file for file in wanted.files] == [
        "sales_teams.csv",
        "accounts.csv",
        "products.csv",
        "sales_pipeline.csv",
    ]
