"""What is written is read back as it was, and runs nothing in a spreadsheet (PLT-19)."""

import datetime
import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal

import pytest
import python_calamine
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chassis import errors
from documents.tables import CsvWriter, Hints, Value, XlsxWriter, open_table
from documents.tables.encodings import ENCODINGS, LOOK_ALIKES
from documents.tables.values import read_boolean, read_date, read_decimal, read_timestamp

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''=1")
# Everything but half characters and NUL, which stands in no text of the product.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
CELLS = st.one_of(TEXTS, st.sampled_from(['"', "'", ",", ";\n", "\r", "\r\n", " ", *FORMULAS]))


@st.composite
def tables(draw) -> list[list[str]]:
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8))
    return [[f"column {number}" for number in range(width)], *rows]


def csv_of(rows: Sequence[Sequence[Value]], **options) -> bytes:
    target = io.BytesIO()
    with CsvWriter(target, **options) as writer:
        for row in rows:
            writer.write_row(row)
    assert not target.closed
    return target.getvalue()


def xlsx_of(rows: Sequence[Sequence[Value]]) -> bytes:
    target = io.BytesIO()
    with XlsxWriter(target) as writer:
        for row in rows:
            writer.write_row(row)
    assert not target.closed
    return target.getvalue()


def read_back(data: bytes, **hints):
    table = open_table(io.BytesIO(data), "x", hints=Hints(**hints))
    rows = list(table.rows())
    assert [row.problem for row in rows] == [None] * len(rows)
    return [table.columns, *(list(row.cells) for row in rows)]


def with_content(rows):
    """Rows without content are no rows; the headings stay."""
    return [rows[0], *(row for row in rows[1:] if any(row))]


@pytest.mark.parametrize(
    "codec", sorted({codec for codec in ENCODINGS.values() if not codec.startswith("utf")})
)
def test_no_codec_writes_another_character_than_it_is_given(codec):
    lost = ""
    for character in map(chr, (*range(0xD800), *range(0xE000, 0x30000))):
        written = character.encode(codec, "ignore")
        if written and written.decode(codec) != character:
            lost += character
    assert lost == LOOK_ALIKES.get(codec, "")


@given(tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(sorted(ENCODINGS)))
@settings(deadline=None)
def test_any_csv_is_read_back_equal_in_every_encoding_that_can_hold_it(rows, delimiter, encoding):
    try:
        data = csv_of(rows, delimiter=delimiter, encoding=encoding)
    except errors.Invalid as error:
        assume(error.reason != "CHARACTER_NOT_IN_ENCODING")
        raise
    assert read_back(data, delimiter=delimiter, encoding=encoding) == with_content(rows)


@given(tables())
@settings(deadline=None)
def test_the_encoding_of_what_was_written_by_default_is_found(rows):
    assert read_back(csv_of(rows), delimiter=",") == with_content(rows)
    data = csv_of(rows, encoding="utf-16", delimiter="\t")
    assert read_back(data, delimiter="\t") == with_content(rows)


@given(tables())
@example([["a"], ["<r></c><c r='Z9'><f>cmd|' /C calc'!A0</f></c></r>"]])
@example([["a"], ["<r><t>_x0041_\x01</t></r>"]])
@example([["a"], ["_x005F_x000D_ \ufffe\uffff"]])
@settings(deadline=None, max_examples=60)
def test_any_workbook_is_read_back_equal(rows):
    assert read_back(xlsx_of(rows)) == with_content(rows)


VALUES: list[list[Value]] = [
    ["text", "count", "amount", "day", "moment", "instant", "flag"],
    [
        "=1+1",
        12,
        Decimal("1234.50"),
        datetime.date(2017, 3, 1),
        datetime.datetime(2017, 3, 1, 9, 30, 0, 250_000),
        datetime.datetime(2017, 3, 1, 9, 30, tzinfo=datetime.UTC),
        True,
    ],
    ["", -5, Decimal("1.234"), datetime.date(1850, 1, 31), None, None, False],
    [None, 10**17 + 1, Decimal("0.12345678901234567"), datetime.date(1900, 1, 1), None, None, None],
]


def test_csv_writes_values_as_plain_texts():
    assert csv_of(VALUES).decode("utf-8-sig") == (
        "text,count,amount,day,moment,instant,flag\r\n"
        "'=1+1,12,1234.50,2017-03-01,2017-03-01 09:30:00.250000,2017-03-01 09:30:00+00:00,true\r\n"
        ",-5,1.2340,1850-01-31,,,false\r\n"
        ",100000000000000001,0.12345678901234567,1900-01-01,,,\r\n"
    )


def test_a_workbook_has_numbers_and_dates_where_it_can_hold_them():
    assert read_back(xlsx_of(VALUES))[1:] == [
        [
            "=1+1",
            Decimal(12),
            Decimal("1234.5"),
            datetime.date(2017, 3, 1),
            datetime.datetime(2017, 3, 1, 9, 30, 0, 250_000),
            "2017-03-01 09:30:00+00:00",
            True,
        ],
        ["", Decimal(-5), Decimal("1.234"), "1850-01-31", "", "", False],
        ["", "100000000000000001", "0.12345678901234567", "1900-01-01", "", "", ""],
    ]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.dates(),
    st.datetimes(min_value=datetime.datetime(1, 1, 2), timezones=st.just(datetime.UTC)),
    st.datetimes(),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_every_value_is_read_back_without_a_hint(number, day, instant, moment, flag):
    assume(len(format(number, "f")) <= 80)
    rows = [["n", "d", "i", "m", "b"], [number, day, instant, moment, flag]]
    for data in (csv_of(rows), xlsx_of(rows)):
        _, cells = read_back(data)
        assert read_decimal(cells[0]) == number
        assert read_date(cells[1]) == day
        assert read_timestamp(cells[2], datetime.UTC) == instant
        assert read_timestamp(cells[3], datetime.UTC).replace(tzinfo=None) == moment
        assert read_boolean(cells[4]) is flag


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_csv(text):
    data = csv_of([["a"], [text], [Decimal(-1)]])
    first = data.decode("utf-8-sig").splitlines()[1].lstrip('"')
    assert first.startswith("'")
    assert read_back(data, delimiter=",") == [["a"], [text], ["-1"]]


@pytest.mark.parametrize("text", [*FORMULAS, "http://x", "{=1}", "007", "12", "TRUE", "#REF!"])
def test_a_text_is_a_text_in_a_workbook(text):
    data = xlsx_of([["a"], [text]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet
    assert read_back(data) == [["a"], [text]]


def test_a_text_that_looks_like_xml_is_no_xml():
    data = xlsx_of([["a"], ["<r></c><c r='Z9'><f>cmd|' /C calc'!A0</f></c></r>"]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<c ") == 2
    assert b"&lt;r&gt;&lt;/c&gt;" in sheet


def test_another_reader_of_workbooks_finds_the_same():
    rows = [["a", "b"], ["张三 <&>", Decimal("12.50")], ["", datetime.date(2017, 3, 1)]]
    book = python_calamine.load_workbook(io.BytesIO(xlsx_of(rows)))
    assert book.get_sheet_by_index(0).to_python() == [
        ["a", "b"],
        ["张三 <&>", 12.5],
        ["", datetime.date(2017, 3, 1)],
    ]


def test_csv_begins_with_the_mark_that_excel_looks_for():
    assert csv_of([["名称"]]) == b"\xef\xbb\xbf" + "名称\r\n".encode()
    assert csv_of([["名称"]], encoding="gb18030") == "名称\r\n".encode("gb18030")
    assert csv_of([["a"]], encoding="utf-16") == "a\r\n".encode("utf-16")


@pytest.mark.parametrize(
    ("text", "encoding", "character"),
    [
        ("a🙂", "gbk", None),
        ("a🙂", "big5", "🙂"),
        ("张", "windows-1252", "张"),
        ("\ud800", "utf-8", None),
    ],
)
def test_a_character_that_an_encoding_lacks_is_named(text, encoding, character):
    if encoding == "gbk":  # written as GB18030, which lacks nothing
        assert read_back(csv_of([["a"], [text]], encoding=encoding), encoding="gbk") == [
            ["a"],
            [text],
        ]
        return
    with pytest.raises(errors.Invalid) as caught:
        csv_of([["a"], [text]], encoding=encoding)
    assert caught.value.reason == "CHARACTER_NOT_IN_ENCODING"
    assert caught.value.metadata == {"character": character or r"\ud800", "encoding": encoding}


def test_a_row_that_cannot_be_written_leaves_nothing_behind():
    target = io.BytesIO()
    writer = CsvWriter(target, encoding="big5")
    writer.write_row(["a"])
    with pytest.raises(errors.Invalid):
        writer.write_row(["b", "🙂"])
    writer.write_row(["c"])
    writer.close()
    writer.close()
    assert target.getvalue() == b"a\r\nc\r\n"


def test_an_encoding_that_is_none_is_refused():
    with pytest.raises(errors.Invalid, match="ENCODING_UNKNOWN"):
        CsvWriter(io.BytesIO(), encoding="klingon")


def test_what_a_sheet_cannot_hold_is_refused_and_not_cut():
    def refusal(row):
        with pytest.raises(errors.Invalid) as caught:
            xlsx_of([["a"], row])
        return caught.value.reason, caught.value.metadata

    assert refusal(["x" * 32_768]) == (
        "CELL_TOO_LONG",
        {"line": "2", "column": "A", "limit": "32767"},
    )
    assert refusal(["🙂" * 16_384])[0] == "CELL_TOO_LONG"
    assert refusal([""] * 16_385) == ("TABLE_TOO_WIDE", {"limit": "16384"})
    assert refusal(["\ud800"]) == (
        "CHARACTER_NOT_IN_ENCODING",
        {"character": r"\ud800", "encoding": "utf-8"},
    )
    assert read_back(xlsx_of([["a"], ["x" * 32_767]]))[1] == ["x" * 32_767]


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("客户", "客户"),
        ("Deals / 2017: won?", "Deals   2017  won"),
        ("x" * 40, "x" * 31),
        ("🙂" * 31, "🙂" * 15),
        ("'quoted'", "quoted"),
        ("[]", "Sheet1"),
        ("", "Sheet1"),
    ],
)
def test_a_sheet_gets_a_name_that_a_sheet_can_have(name, sheet):
    target = io.BytesIO()
    with XlsxWriter(target, sheet=name) as writer:
        writer.write_row(["a"])
    assert open_table(target, "x").sheets == (sheet,)


def test_a_row_that_cannot_be_written_leaves_nothing_in_a_sheet():
    target = io.BytesIO()
    with XlsxWriter(target) as writer:
        writer.write_row(["a", "b"])
        with pytest.raises(errors.Invalid):
            writer.write_row(["x", "\ud800"])
        writer.write_row(["y", ""])
    assert read_back(target.getvalue()) == [["a", "b"], ["y", ""]]


def test_a_sheet_has_no_row_behind_its_last(monkeypatch):
    monkeypatch.setattr("documents.tables.writing._ROWS_MAX", 2)
    with pytest.raises(errors.Invalid) as caught:
        xlsx_of([["a"], ["b"], ["c"]])
    assert (caught.value.reason, caught.value.metadata) == ("TABLE_TOO_LONG", {"limit": "2"})
