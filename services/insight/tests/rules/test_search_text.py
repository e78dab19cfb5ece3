"""How words are compared and shown in search: Chinese, pinyin, Latin (PTY-01, PLT-31)."""

import itertools
import random

import pytest

from insight.search_text import beginnings, fold, grams, inside, pinyin, shared, snippet, spoken


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Müller   GmbH ", "muller gmbh"),
        ("ＡＢＣ１２", "abc12"),
        ("ÉCOLE", "ecole"),
        ("华为技术", "华为技术"),
        ("", ""),
    ],
)
def test_case_accents_and_width_make_no_difference(text, folded):
    assert fold(text) == folded


def test_a_title_is_entered_at_its_start_its_words_and_its_pinyin():
    found = beginnings("华为 Cloud")
    assert found[0] == "0华为 cloud"
    assert "1cloud" in found
    assert "1为 cloud" in found
    assert {"2huaweicloud", "2hwc"} <= set(found)
    assert found == sorted(found)


def test_pinyin_gives_syllables():
    assert pinyin("华为技术") == ["hua", "wei", "ji", "shu"]


def test_what_two_beginnings_share_is_found_once():
    assert beginnings("ab ac") == ["0ab ac", "1ac"]
    assert shared(["0ab ac", "1ac"]) == [0, 1]
    assert shared(["0marmar", "1marten", "3armar", "3armor", "3mar"]) == [0, 3, 0, 3, 3]


def test_a_title_is_entered_inside_its_words_where_there_is_enough_for_a_gram():
    """PTY-01: at each letter that begins neither title nor word, unless two letters are left."""
    name = "norvik & co"
    ways = ["3& co", "3ik & co", "3k & co", "3orvik & co", "3rvik & co", "3vik & co"]
    assert inside(name, beginnings(name)) == ways
    assert inside("ab华为", beginnings("ab华为")) == ["3b华为"]
    assert inside("ab", beginnings("ab")) == inside("", []) == []


def test_a_long_title_is_entered_inside_its_first_64_characters():
    name = "".join(map(str, range(1000, 1060)))
    ways = inside(name, beginnings(name))
    assert {way[1:] for way in ways} == {name[at : at + 64] for at in range(1, 64)}


def test_every_part_of_a_title_that_has_a_gram_leads_to_it_once():
    """PTY-01, PLT-31: among the ways that begin with it, one alone shares less with the others."""
    for title in _generated("aab 华为é&", 1500, 16):
        name, found = fold(title), beginnings(title)
        ways = [way for way in found if way[0] in "012"]
        ways += inside(name, ways)
        common = shared(ways)
        for at, length in itertools.product(range(len(name)), range(1, 6)):
            query = name[at : at + length].strip()
            if not query:
                continue
            leading = [way for way in ways if way[1:].startswith(query)]
            once = [w for w, n in zip(ways, common, strict=True)
                    if w[1:].startswith(query) and n < len(query)]  # fmt: skip
            assert once == leading[:1], (title, query)
            assert leading or not grams([query], 0), (title, query)


def test_grams_are_two_characters_of_chinese_and_three_of_latin():
    assert len(grams(["华为技术"], 0)) == 3
    assert len(grams(["acme"], 0)) == 2
    assert grams(["ac"], 0) == set()
    assert grams(["华为"], 0) <= grams(["中国华为公司"], 0)
    assert grams(["cme"], 0) <= grams(["acme"], 0)
    assert grams(["华为"], 1).isdisjoint(grams(["华为"], 2)), "each tenant has its own"


def test_a_snippet_shows_the_match_as_it_was_written():
    shown = snippet("muller", [("name", "Die MÜLLER GmbH"), ("note", "muller")])
    assert (shown.field, shown.before, shown.match, shown.after) == (
        "name", "Die ", "MÜLLER", " GmbH",
    )  # fmt: skip
    long = "x" * 100 + "needle" + "y" * 100
    shown = snippet("needle", [("name", "other"), ("note", long)])
    assert (shown.field, shown.match) == ("note", "needle")
    assert shown.before == "…" + "x" * 30
    assert shown.after == "y" * 30 + "…"
    assert snippet("hw", [("name", "华为")]).match == ""


def _generated(letters, count, length, seed=7):
    chance = random.Random(seed)
    return ["".join(chance.choices(letters, k=chance.randrange(1, length))) for _ in range(count)]


def test_words_of_plain_titles_begin_where_a_letter_follows_none():
    for title in _generated("ab1 -_.(", 2000, 60):
        name = fold(title)
        words = [at for at in range(1, len(name)) if name[at].isalnum()]
        starts = [at for at in words if not name[at - 1].isalnum()][:40]
        wanted = {"0" + name[:64]} | {"1" + name[at : at + 64] for at in starts}
        assert beginnings(title) == (sorted(wanted) if name else []), title


def test_a_snippet_is_cut_where_the_folded_text_matches():
    texts = [*_generated("aB \t-", 2000, 25), *_generated("aÄß 华ﬁＢ\u3000", 2000, 25)]
    for text, other in itertools.pairwise(texts):
        query, folded = fold(other)[:2].strip(), fold(text)
        if not query:
            continue
        field, before, match, after = snippet(query, [("name", text)])
        at = folded.find(query)
        assert (field, before + match + after) == ("name", text)
        if at < 0:
            assert not match, (query, text)
        elif all(len(fold(one)) == 1 for one in match):
            assert (fold(match), fold(before + match)) == (query, folded[: at + len(query)])


def test_only_what_has_chinese_in_it_is_spoken():
    assert spoken("华为 Cloud") == "huaweicloud"
    assert spoken("Müller Cloud") == spoken("") == ""
