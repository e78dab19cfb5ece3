"""CSV files as people have them become rows, or say what is wrong with them (PLT-19)."""

import io
import itertools

import pytest

from chassis import errors
from documents.tables import Format, Hints, Limits, Row, open_table


def opened(content: str | bytes, limits: Limits | None = None, **hints):
    data = content.encode() if isinstance(content, str) else content
    return open_table(io.BytesIO(data), "list.csv", limits, Hints(**hints))


def rows_of(content: str | bytes, limits: Limits | None = None, **hints) -> list[Row]:
    return list(opened(content, limits, **hints).rows())


def cells_of(content: str | bytes, **hints):
    return [(row.line, row.cells) for row in rows_of(content, **hints)]


def problem_of(row: Row) -> tuple[str, dict[str, str]]:
    assert row.problem is not None
    return row.problem.reason, row.problem.metadata


def refusal(content: str | bytes, limits: Limits | None = None, **hints):
    with pytest.raises(errors.Invalid) as caught:
        rows_of(content, limits, **hints)
    return caught.value.reason, caught.value.metadata


def test_a_plain_table():
    table = opened("name,phone\n张三,138\nBob,139\n")
    assert (table.format, table.encoding, table.delimiter) == (Format.CSV, "utf-8", ",")
    assert table.columns == ["name", "phone"]
    assert table.header_line == 1
    assert list(table.rows()) == [Row(2, ("张三", "138")), Row(3, ("Bob", "139"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_counts_one_line(end):
    assert cells_of(end.join(["a,b", "1,2", "3,4", ""])) == [(2, ("1", "2")), (3, ("3", "4"))]


def test_the_last_line_needs_no_end():
    assert cells_of("a,b\n1,2") == [(2, ("1", "2"))]


def test_a_row_stands_on_the_line_where_it_begins():
    content = 'a,b\n"one\ntwo\r\nthree",x\n"",y\n'
    assert cells_of(content) == [(2, ("one\ntwo\r\nthree", "x")), (5, ("", "y"))]


def test_doubled_quotes_are_one_and_quotes_inside_a_bare_cell_are_text():
    assert cells_of('a,b\n"say ""hi""",5" tube\n') == [(2, ('say "hi"', '5" tube'))]


def test_rows_without_content_are_left_out_and_the_others_keep_their_lines():
    assert cells_of("\n\na,b\n\n1,2\n,\n\n3,4\n,,,\n\n") == [(5, ("1", "2")), (8, ("3", "4"))]


def test_rows_of_another_width_are_reported_and_do_not_stop_the_others():
    short, good, long, trailing = rows_of("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,,\n")
    assert problem_of(short) == ("CELLS_MISSING", {"line": "2", "found": "2", "wanted": "3"})
    assert short.cells == ("1", "2")
    assert good == Row(3, ("1", "2", "3"))
    assert problem_of(long) == ("CELLS_TOO_MANY", {"line": "4", "found": "4", "wanted": "3"})
    assert long.cells == ("1", "2", "3", "4")
    assert trailing == Row(5, ("1", "2", "3"))


def test_a_nul_byte_is_named_by_line_and_column():
    bad, good = rows_of("name,note\na,x\0y\nb,z\n")
    assert problem_of(bad) == ("NUL_BYTE", {"line": "2", "column": "note"})
    assert good == Row(3, ("b", "z"))


def test_headings_that_cannot_be_read_are_refused():
    assert refusal("a,b\0\n1,2\n") == ("NUL_BYTE", {"line": "1", "column": "[B]"})
    assert refusal('a,"b"c\n1,2\n') == ("QUOTE_MISPLACED", {"line": "1"})


def test_bytes_that_mean_nothing_are_named_by_line_column_and_value():
    lines = [f"客户{number},北京" for number in range(50)]
    content = "\n".join(["名称,城市", *lines]).encode() + b"\nX\xff\xfeY,\xe5\x8c\n"
    *good, bad = rows_of(content)
    assert len(good) == 50
    assert all(row.problem is None for row in good)
    assert problem_of(bad) == (
        "UNDECODABLE_BYTES",
        {"line": "52", "column": "名称", "bytes": "ff fe", "encoding": "utf-8"},
    )
    assert bad.cells == ("X\ufffd\ufffdY", "\ufffd\ufffd")


def test_undecodable_bytes_of_utf16_are_named_too():
    content = "a,b\n1,2\n".encode("utf-16") + b"\x00\xdc,\x00x\x00\n\x00"
    assert problem_of(rows_of(content)[1]) == (
        "UNDECODABLE_BYTES",
        {"line": "3", "column": "a", "bytes": "00 dc", "encoding": "utf-16"},
    )


def test_a_quote_in_the_wrong_place_spoils_its_row_only():
    bad, good = rows_of('a,b\n"5" tube,x\n1,2\n')
    assert problem_of(bad) == ("QUOTE_MISPLACED", {"line": "2"})
    assert bad.cells == ('"5" tube,x',)
    assert good == Row(3, ("1", "2"))


def test_a_quote_that_is_never_closed_is_the_last_thing_that_can_be_read():
    rows = opened('a,b\n1,2\n3,"open\n4,5\n6,7\n').rows()
    assert next(rows) == Row(2, ("1", "2"))
    with pytest.raises(errors.Invalid) as caught:
        next(rows)
    assert (caught.value.reason, caught.value.metadata) == ("QUOTE_NOT_CLOSED", {"line": "3"})


def test_a_quote_closed_many_lines_later_in_the_wrong_place_makes_no_rows_nobody_wrote():
    content = 'a,b\n3,"open\n4,5\n6,"x"\n'
    assert refusal(content) == ("QUOTE_NOT_CLOSED", {"line": "2"})


def test_a_quote_not_closed_in_the_last_line_is_a_bad_row():
    (row,) = rows_of('a,b\n1,"x')
    assert problem_of(row) == ("QUOTE_NOT_CLOSED", {"line": "2"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    lines = [["name", "amount", "note"], ["Ltd", "1", "x"], ["AG", "2", ""]]
    table = opened("\n".join(delimiter.join(line) for line in lines))
    assert table.delimiter == delimiter
    assert [row.cells for row in table.rows()] == [("Ltd", "1", "x"), ("AG", "2", "")]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("name;price\nA;1,5\nB;2,5\n", ";"),
        ('name,note\nA,"x;y;z"\nB,"p;q"\n', ","),
        ('"a;b";c\n"1;2";3\n', ";"),
        ("name\tnote\nA\tone, two, three\nB\tfour, five, six\n", "\t"),
        ("price, net;tax\n1,5;2\n", ";"),
        ("only one column\nvalue, with comma\n", ","),
        ("a|b|c\n1|2,2|3\n", "|"),
        ('a,b\n"one\n;;;;\n;;;;",2\n', ","),
    ],
)
def test_characters_inside_cells_do_not_pass_for_delimiters(content, delimiter):
    assert opened(content).delimiter == delimiter


def test_a_delimiter_that_the_file_announces_is_believed():
    table = opened("sep=;\na;b,c\n1;2\n")
    assert (table.delimiter, table.columns, table.header_line) == (";", ["a", "b,c"], 2)
    assert list(table.rows()) == [Row(3, ("1", "2"))]


def test_a_hint_about_the_delimiter_overrides_what_would_be_found():
    assert opened("a;b,c\n1;2,3\n", delimiter=",").columns == ["a;b", "c"]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\r"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter):
    assert refusal("a;b\n", delimiter=delimiter) == ("DELIMITER_UNUSABLE", {"given": delimiter})


def test_headings_can_stand_below_a_title():
    table = opened('Customers "2017\n\nname;city\nA;B\n', header_line=3)
    assert (table.columns, table.header_line, table.delimiter) == (["name", "city"], 3, ";")
    assert list(table.rows()) == [Row(4, ("A", "B"))]


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("a,b,a,a", ["a", "b", "a (2)", "a (3)"]),
        (",a,,b", ["[A]", "a", "[C]", "b"]),
        ("a,a (2),a", ["a", "a (2)", "a (3)"]),
        ("a,a,a (2)", ["a", "a (3)", "a (2)"]),
        ("a,b,,", ["a", "b"]),
        (' a \u3000,"two\nlines"', ["a", "two lines"]),
        ("[A],", ["[A]"]),
        (",[A]", ["[A] (2)", "[A]"]),
    ],
)
def test_every_column_gets_a_name_of_its_own(line, columns):
    assert opened(line + "\n").columns == columns


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", ",,,\n", '""\n'])
def test_a_file_without_headings_is_refused(content):
    assert refusal(content) == ("FILE_EMPTY", {"file": "list.csv"})


def test_reading_goes_on_behind_any_row():
    content = 'a,b\n1,2\n"x\ny",3\nbad\n\n4,5\n'
    table = opened(content)
    rows = list(table.rows())
    assert [row.line for row in rows] == [2, 3, 5, 7]
    for done, row in enumerate(rows, 1):
        again = list(table.rows(after=row.line))
        assert [(one.line, one.cells) for one in again] == [
            (one.line, one.cells) for one in rows[done:]
        ]


def test_a_table_is_read_by_several_at_once():
    table = opened("a\n" + "".join(f"{number}\n" for number in range(100_000)))
    pairs = zip(table.rows(), itertools.islice(table.rows(), 50_000, None), strict=False)
    assert all(int(two.cells[0]) - int(one.cells[0]) == 50_000 for one, two in pairs)


def test_the_streams_owner_keeps_it_and_a_path_is_closed(tmp_path):
    stream = io.BytesIO(b"a\n1\n")
    with open_table(stream, "x") as table:
        assert len(list(table.rows())) == 1
    assert not stream.closed
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n1\n")
    table = open_table(path, "x")
    table.close()
    with pytest.raises(ValueError, match="closed"):
        list(table.rows())


def test_limits_have_reasons_that_say_them():
    assert refusal("a\n1\n", Limits(file_bytes=3)) == (
        "FILE_TOO_LARGE",
        {"file": "list.csv", "limit": "3"},
    )
    assert refusal("a,b,c\n", Limits(columns=2)) == ("TABLE_TOO_WIDE", {"limit": "2"})
    assert refusal("a\n1\n2\n3\n", Limits(rows=2)) == ("TABLE_TOO_LONG", {"limit": "2"})
    assert refusal("a\n" + "x" * 11, Limits(row_characters=10)) == (
        "ROW_TOO_LONG",
        {"line": "2", "limit": "10"},
    )
    assert len(rows_of("a\n1\n2\n", Limits(rows=2, columns=1, file_bytes=6))) == 2


@pytest.mark.parametrize("cell", ["x" * 11, '"' + "x\n" * 6 + '"'])
def test_a_cell_that_is_too_long_spoils_its_row_only(cell):
    bad, good = rows_of(f"a,b\n1,{cell}\n2,{'x' * 10}\n", Limits(cell_characters=10))
    assert problem_of(bad) == ("CELL_TOO_LONG", {"line": "2", "column": "b", "limit": "10"})
    assert good.problem is None


def test_a_cell_longer_than_the_parser_takes_spoils_its_row_only():
    bad, good = rows_of(f"a,b\n1,{'x' * 200_000}\n2,3\n")
    assert problem_of(bad)[0] == "CELL_TOO_LONG"
    assert good.cells == ("2", "3")


def test_the_rows_before_the_limit_are_still_read_when_reading_goes_on():
    rows = opened("a\n1\n2\n3\n", Limits(rows=2)).rows(after=2)
    assert next(rows) == Row(3, ("2",))
    with pytest.raises(errors.Invalid, match="TABLE_TOO_LONG"):
        next(rows)


def test_an_apostrophe_that_defuses_a_formula_is_taken_off():
    content = "a,b,c,d\n'=1+1,'-x,''@y,'90s\n"
    assert cells_of(content) == [(2, ("=1+1", "-x", "'@y", "'90s"))]


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 ...",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old or an encrypted workbook",
        b"\x89PNG\r\n\x1a\n",
        b"<html><table><tr><td>1</td></tr></table></html>",
        b'\xef\xbb\xbf\r\n<?xml version="1.0"?><Workbook/>',
        b"<!DOCTYPE html>",
        b"PK\x03\x04 no archive at all",
        b"PK\x05\x06" + b"\0" * 18,
    ],
)
def test_what_is_no_table_is_refused(content):
    reason, metadata = refusal(content)
    assert reason in ("FORMAT_UNKNOWN", "FILE_DAMAGED")
    assert metadata["file"] == "list.csv"
