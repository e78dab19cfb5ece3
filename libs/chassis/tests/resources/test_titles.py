"""How titles are sorted: Chinese by its sound, the rest without case and accents (PLT-31)."""

import random

from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from chassis.resources.titles import romanised, sort_key

# A character sounds as in the word it stands in: 长 and 重 in two ways, 行 in three.
PARTS = ("长春", "市长", "重庆", "重要", "银行", "行人", "李", "é", " X-2 ", "（集团）", "ＡＢ", "")


def test_a_text_sounds_as_the_dictionary_says():
    """However words follow each other; each of them is looked up once."""
    chance = random.Random(5)
    words = chance.sample(sorted(PHRASES_DICT), 300)
    for _ in range(2_000):
        parts = chance.choices((*PARTS, *words, chr(chance.randint(0x4E00, 0x9FFF))), k=4)
        text = "".join(parts)
        assert romanised(text) == (text if text.isascii() else " ".join(lazy_pinyin(text)))


def test_titles_are_sorted_as_people_expect():
    titles = ["重庆银行", "Zürich", "北京大学", "éclair", "长春", "Alpha", "行人"]
    expected = ["Alpha", "北京大学", "长春", "重庆银行", "éclair", "行人", "Zürich"]
    assert sorted(titles, key=sort_key) == expected
