"""Text that a spreadsheet would run as a formula: made harmless in a CSV, and taken back.

A text that begins with one of the characters OWASP names gets an apostrophe before it. So does one
that already begins with apostrophes and then such a character; so taking one apostrophe off always
gives back what was written, also from files of others who follow the same advice. Numbers are no
text and stay as they are.
"""

import re

_formula = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_defused = re.compile("''*[=+\\-@\t\r\n＝＋－＠]")


def defused(text: str) -> str:
    """Make a text harmless in a spreadsheet."""
    return "'" + text if _formula.match(text) else text


def undefused(text: str) -> str:
    """Give the text as it was before `defused`."""
    return text[1:] if _defused.match(text) else text
