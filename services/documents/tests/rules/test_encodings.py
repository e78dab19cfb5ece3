"""The encoding of a table is found out, for short and for long files (PLT-19)."""

import io

import pytest

from chassis import errors
from documents.tables import Hints, open_table

SIMPLIFIED = (
    "姓名,电话\n张三,13800138000\n",
    "公司名称;联系人;金额\n北京某某科技有限公司;李雷;1200\n",
    "商机,阶段,预计金额\n智慧园区一期,方案,1200000\n污水处理设备,谈判,35000\n",
    "名称,规格\n螺栓,M8×30\n轴承,6204-2RS\n阀门,DN50\n",
    "药品,剂量\n阿司匹林,100mg\n氯吡格雷,75mg\n",
    "编号,联通\n1,联通\n",
    "客户\n赵\n",
    "A股\n",
    "是\n",
)
TRADITIONAL = (
    "姓名,電話\n張三,0912345678\n",
    "公司名稱;聯絡人;金額\n台灣某某科技有限公司;王小明;1200\n",
    "地址\n台北市信義區忠孝東路五段\n",
    "統一編號,負責人\n12345678,林志玲\n",
    "品名,數量\n螺絲,20\n軸承,4\n",
    "3. 欲刪除整行，請輸入︰dd\n",
    "客戶\n趙\n",
)
WESTERN = (
    "Name;Café\nMüller;Köln\n",
    "nom,prénom\nHélène,Dupré\nFrançois,Noël\n",
    "Straße\nÄrzte\nGröße\n",
    "Ausdrücke\naufgeführt\n",
    "año;niño\nPeña;Ibáñez\n",
    "Åse Ødegård;Ærø\nBjørn;Tromsø\n",
    "Preis €\n5\n",
    "Temp °C\n",
    "José\n",
    "é\n",
)
OTHERS = (
    "имя,город\nИван,Москва\n",
    "名前,カナ\n山田,ヤマダ\n",
    "이름\n김철수\n",
    "🙂\n",
    "© 2015\n",
)
ALL = SIMPLIFIED + TRADITIONAL + WESTERN + OTHERS


def found(data: bytes) -> str | None:
    return open_table(io.BytesIO(data), "x").encoding


@pytest.mark.parametrize("text", SIMPLIFIED)
def test_simplified_chinese_in_gb18030(text):
    assert found(text.encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("text", TRADITIONAL)
def test_traditional_chinese_in_big5(text):
    assert found(text.encode("cp950")) == "big5"


@pytest.mark.parametrize("text", TRADITIONAL)
def test_traditional_chinese_in_gb18030(text):
    assert found(text.encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("text", WESTERN)
def test_western_languages_in_windows_1252(text):
    assert found(text.encode("cp1252")) == "windows-1252"


def test_bytes_that_windows_1252_leaves_out_are_latin_1():
    assert found(b"na\xefve\x81\n") == "iso-8859-1"


@pytest.mark.parametrize("text", ALL)
def test_any_language_in_utf8_with_and_without_a_mark(text):
    assert found(text.encode()) == "utf-8"
    assert found(text.encode("utf-8-sig")) == "utf-8-sig"


@pytest.mark.parametrize("text", SIMPLIFIED + TRADITIONAL + WESTERN)
def test_any_language_in_utf16_with_and_without_a_mark(text):
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        assert found(text.encode(codec)) == codec
        assert found(mark + text.encode(codec)) == "utf-16"


@pytest.mark.parametrize("text", ["plain,ascii\n1,2\n", "a\n", "a,b\nplain,as\0cii\n"])
def test_ascii_is_utf8_even_with_a_nul_in_it(text):
    assert found(text.encode()) == "utf-8"
    assert found(text.encode() + b"1\n") == "utf-8"


def test_hong_kong_characters_need_their_own_big5():
    text = "地址\n銅鑼灣邨\n佢哋嘅公司喺邊度\n"
    assert found(text.encode("big5hkscs")) == "big5-hkscs"


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        (SIMPLIFIED[1], "gb18030", "gb18030"),
        (TRADITIONAL[1], "cp950", "big5"),
        (SIMPLIFIED[1], "utf-8", "utf-8"),
        (WESTERN[0], "cp1252", "windows-1252"),
    ],
)
def test_what_decides_may_stand_at_the_end_of_a_long_file(text, codec, encoding):
    rows = "".join(f"{number};row;{number * 7}\n" for number in range(80_000))
    last = text.splitlines()[1]
    content = ("a;b;c\n" + rows + last + "\n").encode(codec)
    assert len(content) > 1 << 20
    table = open_table(io.BytesIO(content), "x")
    assert table.encoding == encoding
    (row,) = table.rows(after=80_001)
    assert row.cells[0] == last.split(";")[0]


def test_a_character_cut_by_a_piece_of_the_file_is_whole():
    text = "名称\n" + "客" * 20_000 + "\n"
    for shift in range(3):
        content = ("x" * shift + text).encode("gb18030")
        rows = open_table(io.BytesIO(content * 8), "x").rows()
        assert next(rows).cells == ("客" * 20_000,)


def test_a_damaged_character_does_not_turn_a_file_into_another_language():
    good = "".join(f"客户{number},上海\n" for number in range(100))
    for codec, encoding in (("utf-8", "utf-8"), ("gb18030", "gb18030")):
        content = ("名称,城市\n" + good).encode(codec) + b"\xe5,x\n"
        assert found(content) == encoding


def test_a_damaged_character_counts_among_all_of_the_file():
    rows = "".join(f"{number},x\n" for number in range(60_000)).encode()
    assert found(b"a,b\n" + b"\xe5,x\n" + rows + "客户,上海\n".encode() * 30) == "utf-8"
    assert found("名称,城市\n客户,上海\n".encode() + b"\xe5,x\n") == "utf-8"


@pytest.mark.parametrize("name", ["gbk", "GB2312", "Big5", "shift_jis", "windows-1251", "utf-8"])
def test_a_hint_overrides_what_would_be_found(name):
    table = open_table(io.BytesIO(b"a,b\n1,2\n"), "x", hints=Hints(encoding=name))
    assert table.encoding == name
    assert [row.cells for row in table.rows()] == [("1", "2")]


def test_a_hint_reads_what_cannot_be_found_out():
    data = "名前\n山田\n".encode("cp932")
    table = open_table(io.BytesIO(data), "x", hints=Hints(encoding="shift_jis"))
    assert (table.columns, next(table.rows()).cells) == (["名前"], ("山田",))


@pytest.mark.parametrize("name", ["klingon", "rot13", "unicode_escape", "idna", "zlib_codec"])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(errors.Invalid) as caught:
        open_table(io.BytesIO(b"a\n"), "x", hints=Hints(encoding=name))
    assert caught.value.reason == "ENCODING_UNKNOWN"
    assert caught.value.metadata["given"] == name
    assert "gb18030" in caught.value.metadata["allowed"]
