"""Workbooks as people have them become rows; those that could do harm are refused (PLT-19)."""

import contextlib
import datetime
import io
import random
import zipfile
from decimal import Decimal

import pytest
import python_calamine
import xlsxwriter

from chassis import errors
from documents.tables import CellError, Format, Hints, Limits, Row, open_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{WORKBOOK_TYPE}"/></Types>'
)
TOP = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="%s"/>'
    '<sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>'
)
RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    f'<Relationship Id="r3" Type="{OFFICE}/styles" Target="styles.xml"/>%s</Relationships>'
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="%s"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="46"/><xf numFmtId="164"/></cellXfs>'
    "</styleSheet>"
)
GENERAL, DATE, DURATION, OWN = range(4)


def built(
    rows: str,
    texts: str = "",
    own_format: str = "General",
    from_1904: str = "0",
    relations: str = "",
    **parts: str,
) -> bytes:
    """A workbook written by hand; `rows` stand in its only sheet."""
    files = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": TOP,
        "xl/workbook.xml": BOOK % from_1904,
        "xl/_rels/workbook.xml.rels": RELATIONS % relations,
        "xl/styles.xml": STYLES % own_format,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        ),
    }
    files |= {name.replace("__", "/"): text for name, text in parts.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def opened(content: bytes, limits: Limits | None = None, **hints):
    return open_table(io.BytesIO(content), "book.xlsx", limits, Hints(**hints))


def cells_of(content: bytes, limits: Limits | None = None, **hints):
    return [(row.line, row.cells) for row in opened(content, limits, **hints).rows()]


def refusal(content: bytes, limits: Limits | None = None, **hints):
    with pytest.raises(errors.Invalid) as caught:
        list(opened(content, limits, **hints).rows())
    return caught.value.reason, caught.value.metadata


def number(reference: str, value: object, style: int = GENERAL) -> str:
    return f'<c r="{reference}" s="{style}"><v>{value}</v></c>'


def text(reference: str, value: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'


HEAD = f'<row r="1">{text("A1", "a")}{text("B1", "b")}</row>'


def made(fill, **options) -> bytes:
    """A workbook written by xlsxwriter."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, options)
    fill(book)
    book.close()
    return target.getvalue()


def test_a_workbook_with_every_kind_of_cell():
    def fill(book):
        sheet = book.add_worksheet("客户")
        formats = [
            book.add_format({"num_format": code})
            for code in ('yyyy"年"m"月"d"日"', "yyyy-mm-dd hh:mm:ss", "hh:mm", "[h]:mm:ss", "0.00%")
        ]
        sheet.write_row(
            2, 0, ["文字", "日期", "时间", "钟点", "时长", "百分比", "是否", "数", "空"]
        )
        sheet.write_string(3, 0, " 张三\nx ")
        sheet.write_datetime(3, 1, datetime.date(2017, 3, 1), formats[0])
        moment = datetime.datetime(2017, 3, 1, 12, 30, 1, 500_000)
        sheet.write_datetime(3, 2, moment, formats[1])
        sheet.write_datetime(3, 3, datetime.time(12, 30), formats[2])
        sheet.write_number(3, 4, 1.5, formats[3])
        sheet.write_number(3, 5, 0.125, formats[4])
        sheet.write_boolean(3, 6, True)
        sheet.write_number(3, 7, -1234.5)

    table = opened(made(fill))
    assert (table.format, table.encoding, table.delimiter) == (Format.XLSX, None, None)
    assert table.columns == ["文字", "日期", "时间", "钟点", "时长", "百分比", "是否", "数", "空"]
    assert (table.header_line, table.sheets, table.from_1904) == (3, ("客户",), False)
    assert list(table.rows()) == [
        Row(
            4,
            (
                " 张三\nx ",
                datetime.date(2017, 3, 1),
                datetime.datetime(2017, 3, 1, 12, 30, 1, 500_000),
                datetime.time(12, 30),
                datetime.timedelta(days=1, hours=12),
                Decimal("0.125"),
                True,
                Decimal("-1234.5"),
                "",
            ),
        )
    ]


def test_numbers_are_never_floats():
    ((_, cells),) = cells_of(
        built(HEAD + f'<row r="2">{number("A2", "0.89999999999999991")}</row>')
    )
    assert isinstance(cells[0], Decimal)
    assert cells[0] == Decimal("0.9")


@pytest.mark.parametrize("written", ["x", "NaN", "Infinity", "1E+999999", "sNaN1", ""])
def test_a_number_that_is_none_is_damage_or_nothing(written):
    content = built(HEAD + f'<row r="2">{number("A2", written)}{number("B2", 1)}</row>')
    if written:
        assert refusal(content)[0] == "FILE_DAMAGED"
    else:
        assert cells_of(content) == [(2, ("", Decimal(1)))]


@pytest.mark.parametrize(
    ("style", "value"),
    [
        (GENERAL, Decimal("42795.5")),
        (DATE, datetime.datetime(2017, 3, 1, 12)),
        (DURATION, datetime.timedelta(days=42795, hours=12)),
        (OWN, datetime.datetime(2017, 3, 1, 12)),
    ],
)
def test_what_a_number_is_shown_as_decides_what_it_is(style, value):
    row = f'<row r="2">{number("A2", "42795.5", style)}</row>'
    assert cells_of(built(HEAD + row, own_format="yyyy/m/d")) == [(2, (value, ""))]


def test_days_that_count_from_1904():
    content = built(HEAD + f'<row r="2">{number("A2", 41333, DATE)}</row>', from_1904="1")
    assert opened(content).from_1904
    assert cells_of(content) == [(2, (datetime.date(2017, 3, 1), ""))]


def test_errors_and_formulas_that_nobody_calculated_are_bad_cells():
    row = (
        '<row r="2"><c r="A2" t="e"><f>A9/0</f><v>#DIV/0!</v></c><c r="B2"><f>1+1</f></c></row>'
        '<row r="3"><c r="A3"><f>1+1</f><v>2</v></c><c r="B3" t="str"><f>"x"</f><v>x</v></c></row>'
        '<row r="4"><c r="A4" t="str"><f>""</f><v></v></c><c r="B4" t="b"><f>1=1</f><v>1</v></c>'
        "</row>"
    )
    assert cells_of(built(HEAD + row)) == [
        (2, (CellError("#DIV/0!"), CellError("="))),
        (3, (Decimal(2), "x")),
        (4, ("", True)),
    ]


def test_shared_texts_in_pieces_without_their_readings():
    texts = (
        "<si><t>plain</t></si>"
        "<si><r><t>東</t></r><r><rPr/><t xml:space='preserve'>京 </t></r>"
        "<rPh sb='0' eb='1'><t>トウキョウ</t></rPh></si>"
        "<si><t>a_x000D_b_x005F_x000D_</t></si>"
        "<si/>"
    )
    cells = "".join(
        f'<c r="{letter}2" t="s"><v>{index}</v></c>' for index, letter in enumerate("ABCD")
    )
    head = HEAD.replace("</row>", text("C1", "c") + text("D1", "d") + "</row>")
    assert cells_of(built(f'{head}<row r="2">{cells}</row>', texts)) == [
        (2, ("plain", "東京 ", "a\rb_x000D_", ""))
    ]


def test_rows_and_cells_that_do_not_say_where_they_stand():
    rows = (
        '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>'
        '<row/><row><c/><c><v>1</v></c></row><row r="9"><c r="B9"><v>2</v></c></row>'
    )
    assert cells_of(built(rows)) == [(3, ("", Decimal(1))), (9, ("", Decimal(2)))]


def test_names_with_prefixes_are_the_same_names():
    rows = '<x:row r="1"><x:c r="A1" t="str"><x:v>a</x:v></x:c></x:row>'
    rows += '<x:row r="2"><x:c r="A2"><x:v>7</x:v></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    content = built("", **{"xl__worksheets__sheet1.xml": sheet})
    assert cells_of(content) == [(2, (Decimal(7),))]


def test_the_first_sheet_that_is_shown_or_the_one_that_is_named():
    def fill(book):
        for name, hidden in (("Old", True), ("Chart", False), ("新客户", False), ("Other", False)):
            if name == "Chart":
                chart = book.add_chart({"type": "column"})
                chart.add_series({"values": "=Other!$A$1:$A$2"})
                book.add_chartsheet(name).set_chart(chart)
                continue
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, [name, f"in {name}"])
            if hidden:
                sheet.hide()
            else:
                sheet.activate()

    content = made(fill)
    assert opened(content).columns == ["新客户"]
    assert opened(content).sheets == ("Old", "新客户", "Other")
    assert opened(content, sheet="other").columns == ["Other"]
    assert opened(content, sheet="Old").columns == ["Old"]
    assert refusal(content, sheet="Chart") == (
        "SHEET_NOT_FOUND",
        {"sheet": "Chart", "sheets": "Old, 新客户, Other"},
    )


def test_headings_below_a_title_and_a_table_that_begins_in_column_c():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Customers of 2017")
        sheet.write_row(3, 2, ["name", 2017, "name"])
        sheet.write_row(4, 2, ["A", 1, "B"])

    table = opened(made(fill), header_line=2)
    assert (table.header_line, table.columns) == (4, ["[A]", "[B]", "name", "2017", "name (2)"])
    assert list(table.rows()) == [Row(5, ("", "", "A", Decimal(1), "B"))]


def test_a_cell_under_no_heading_spoils_its_row_only():
    rows = f'<row r="2">{number("C2", 1)}</row><row r="3">{number("A3", 2)}</row>'
    bad, good = opened(built(HEAD + rows)).rows()
    assert bad.problem is not None
    assert bad.problem.reason == "CELLS_TOO_MANY"
    assert bad.problem.metadata == {"line": "2", "found": "3", "wanted": "2"}
    assert good == Row(3, (Decimal(2), ""))


def test_a_cell_far_to_the_right_costs_nothing():
    rows = "".join(
        f'<row r="{line}"><c r="XFD{line}"><v>1</v></c></row>' for line in range(2, 5000)
    )
    found = list(opened(built(HEAD + rows)).rows())
    assert len(found) == 4998
    assert all(row.problem is not None for row in found)
    assert {row.problem.metadata["found"] for row in found if row.problem} == {"16384"}
    assert max(len(row.cells) for row in found) == 2


def test_reading_goes_on_behind_any_row():
    rows = "".join(
        f'<row r="{line}"><c r="A{line}"><v>{line}</v></c></row>' for line in range(2, 3000, 3)
    )
    table = opened(built(HEAD + rows))
    everything = list(table.rows())
    assert [row.line for row in everything] == list(range(2, 3000, 3))
    assert list(table.rows(after=1502)) == [row for row in everything if row.line > 1502]
    assert list(table.rows(after=5000)) == []


def test_limits_have_reasons_that_say_them():
    content = built(
        HEAD + f'<row r="2">{number("A2", 1)}</row><row r="4">{text("A4", "xyz")}</row>'
    )
    assert refusal(content, Limits(rows=1)) == ("TABLE_TOO_LONG", {"limit": "1"})
    assert refusal(content, Limits(columns=1)) == ("TABLE_TOO_WIDE", {"limit": "1"})
    assert refusal(content, Limits(archive_entries=5)) == (
        "ARCHIVE_ENTRIES",
        {"file": "book.xlsx", "limit": "5"},
    )
    assert refusal(content, Limits(archive_bytes=1000)) == (
        "ARCHIVE_TOO_LARGE",
        {"file": "book.xlsx", "limit": "1000"},
    )
    last = list(opened(content, Limits(cell_characters=2)).rows())[-1]
    assert last.problem is not None
    assert last.problem.reason == "CELL_TOO_LONG"
    assert last.problem.metadata == {"line": "4", "column": "a", "limit": "2"}


def test_an_archive_that_unpacks_to_many_times_its_size_is_refused():
    content = built(HEAD, xl__media__x=" " * 20_000_000)
    assert len(content) < 30_000
    assert refusal(content) == ("ARCHIVE_RATIO", {"file": "book.xlsx", "limit": "200"})
    assert cells_of(content, Limits(archive_ratio=1000)) == []


def test_an_archive_that_lies_about_its_sizes_is_damaged_at_most():
    rows = "".join(f'<row r="{line}">{number(f"A{line}", line)}</row>' for line in range(2, 9000))
    content = built(HEAD + rows)
    size = zipfile.ZipFile(io.BytesIO(content)).getinfo("xl/worksheets/sheet1.xml").file_size
    lying = content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != content
    assert refusal(lying)[0] == "FILE_DAMAGED"


def test_one_long_text_in_many_cells_is_in_memory_once():
    cells = "".join(
        f'<row r="{line}"><c r="A{line}" t="s"><v>0</v></c></row>' for line in range(2, 2000)
    )
    rows = list(opened(built(HEAD + cells, f"<si><t>{'x' * 30_000}</t></si>")).rows())
    assert len({id(row.cells[0]) for row in rows}) == 1


@pytest.mark.parametrize(
    "content",
    [
        built(HEAD, xl__externalLinks__externalLink1="<externalLink/>"),
        built(
            HEAD,
            relations=f'<Relationship Id="r9" Type="{OFFICE}/externalLink" Target="odd/name.xml"/>',
        ),
        built(HEAD + "<row r='2'><c r='A2'><f>cmd|'/C calc'!A0</f><v>0</v></c></row>"),
        built(HEAD + "<row r='2'><c r='A2' t='str'><f>1+DDE|'a'!'b'</f><v>x</v></c></row>"),
    ],
)
def test_a_workbook_that_reaches_out_is_refused(content):
    assert refusal(content) == ("EXTERNAL_LINKS_REFUSED", {"file": "book.xlsx"})


def test_a_stroke_inside_a_text_or_a_sheets_name_reaches_nowhere():
    rows = "<row r='2'><c r='A2'><f>LEN(\"a|b\")+'x|y'!A1</f><v>3</v></c></row>"
    assert cells_of(built(HEAD + rows)) == [(2, (Decimal(3), ""))]


def test_entities_are_not_expanded():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    sheet = f'{bomb}<worksheet xmlns="{MAIN}"><sheetData>{HEAD}</sheetData></worksheet>'
    reason, metadata = refusal(built("", **{"xl__worksheets__sheet1.xml": sheet}))
    assert (reason, metadata["detail"]) == ("FILE_DAMAGED", "a document type is declared")


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',
        '<row r="1"><c r="A1" t="zz"><v>7</v></c></row>',
        '<row r="1"><c r="A1"><v>7</v></c>',
        '<row r="1"><c r="1A"><v>7</v></c></row>',
        '<row r="1"><c r="ABCD1"><v>7</v></c></row>',
        '<row r="1"><c r="A1" s="99"><v>7</v></c></row>',
        '<row r="1"><c r="B1"><v>7</v></c><c r="A1"><v>7</v></c></row>',
        '<row r="2"/><row r="1"/>',
        '<row r="1048577"/>',
        '<row r="x"/>',
        '<row r="1"><c r="A1" t="d"><v>yesterday</v></c></row>',
    ],
)
def test_a_broken_sheet_is_damage_with_a_detail(rows):
    reason, metadata = refusal(built(rows))
    assert reason == "FILE_DAMAGED"
    assert metadata["file"] == "book.xlsx"
    assert metadata["detail"]


def test_no_archive_however_broken_does_anything_but_be_refused_or_read():
    content = built(HEAD + f'<row r="2">{number("A2", 1)}{text("B2", "x")}</row>')
    chance = random.Random(19)
    for _ in range(300):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with contextlib.suppress(errors.Invalid):
            list(opened(bytes(broken)).rows())


@pytest.mark.parametrize("kind", ["word", "binary", "OpenDocument", "nothing"])
def test_archives_of_another_kind_are_refused(kind):
    types = {
        "word": TYPES.replace("spreadsheetml.sheet", "wordprocessingml.document"),
        "binary": TYPES.replace(
            WORKBOOK_TYPE, "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
        ),
        "OpenDocument": "<Types/>",
        "nothing": "",
    }[kind]
    parts = {"[Content_Types].xml": types} if types else {}
    content = built(HEAD, **parts)
    if kind == "nothing":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("readme.txt", "hello")
        content = target.getvalue()
    assert refusal(content) == ("FORMAT_UNKNOWN", {"file": "book.xlsx"})


@pytest.mark.parametrize("rows", ["", "<row r='1'/>", "<row r='3'><c r='C3'/></row>"])
def test_a_sheet_without_headings_is_refused(rows):
    assert refusal(built(rows)) == ("FILE_EMPTY", {"file": "book.xlsx"})


def test_an_error_as_a_heading_is_refused():
    content = built("<row r='1'><c r='A1' t='e'><v>#REF!</v></c></row>")
    assert refusal(content) == ("CELL_ERROR", {"error": "#REF!"})


def test_another_reader_of_workbooks_finds_the_same():
    chance = random.Random(2017)

    def value():
        return chance.choice(
            [
                "客户" + str(chance.random()),
                f" {chance.random()} \n<&>\"'",
                chance.randint(-(10**9), 10**9),
                chance.randint(0, 10**6) / 100,
                True,
                False,
                "",
                datetime.datetime(2017, 3, 1)
                + datetime.timedelta(minutes=chance.randint(1, 10**7)),
            ]
        )

    table = [[value() for _ in range(8)] for _ in range(500)]

    def fill(book):
        sheet = book.add_worksheet()
        shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, list("abcdefgh"))
        for line, row in enumerate(table, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime.datetime):
                    sheet.write_datetime(line, column, cell, shown)
                else:
                    sheet.write(line, column, cell)

    content = made(fill)
    theirs = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    ours = [row.cells for row in opened(content).rows()]
    assert len(ours) == 500
    for mine, other in zip(ours, theirs[1:], strict=True):
        for cell, same in zip(mine, other, strict=True):
            if isinstance(cell, Decimal):
                assert float(cell) == same
            elif isinstance(cell, datetime.datetime):
                assert abs(cell - datetime.datetime.fromisoformat(str(same))) < datetime.timedelta(
                    milliseconds=1
                )
            else:
                assert cell == same
