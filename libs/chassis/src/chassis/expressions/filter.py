"""AIP-160 filters: text to a tree. What a name means is decided by `chassis.resources`.

Grammar as in https://google.aip.dev/160: OR binds tighter than AND, terms side by side are ANDed,
keywords are upper case, ``-term`` negates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from chassis import errors

FILTER_LENGTH_MAX = 16_384
DEPTH_MAX = 20
TERMS_MAX = 200
# Stands for a star that was escaped and so is no wildcard; a character that no text may hold.
STAR = "\ufdd0"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``amount.currency_code != "USD"``; `quoted` tells "5" from 5."""

    field: str
    operator: str
    value: str
    quoted: bool
    position: int


@dataclass(frozen=True, slots=True)
class Function:
    """``subtree(org_unit_id, "0198...")``."""

    name: str
    arguments: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Text:
    """A bare word: matches what people know the record by."""

    value: str
    position: int


Expression = And | Or | Not | Comparison | Function | Text


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKENS = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator><=|>=|!=|=|<|>|:)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<comma>,)
      | (?P<minus>-(?=[^\s\d.]))
      | (?P<word>[^\s"'()<>=!:,]+)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_filter(text: str) -> Expression | None:
    """Parse a filter; None when it is empty.

    Raises:
        Invalid: INVALID_FILTER with the position, or FILTER_TOO_LARGE beyond 16 KiB, 20 levels
            or 200 terms.
    """
    if len(text) > FILTER_LENGTH_MAX:
        raise errors.invalid_field("filter", "FILTER_TOO_LARGE", limit=FILTER_LENGTH_MAX)
    tokens = list(_tokens(text))
    if not tokens:
        return None
    parser = _Parser(tokens, len(text))
    expression = parser.expression()
    if (rest := parser.peek()) is not None:
        _refuse(rest.position, rest.text)
    return expression


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            _refuse(position, text[position])
        kind = match.lastgroup or ""
        if kind != "space":
            yield _Token(kind, match.group(), position)
        position = match.end()


class _Parser:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end
        self._depth = 0
        self._terms = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def expression(self) -> Expression:
        """Factors side by side or joined by AND."""
        parts = [self._factor()]
        while (token := self.peek()) is not None and token.kind != "close":
            if token.kind == "comma":
                _refuse(token.position, token.text)
            if token.kind == "word" and token.text == "AND":
                self._next += 1
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self) -> Expression:
        parts = [self._term()]
        while (token := self.peek()) is not None and token == _Token("word", "OR", token.position):
            self._next += 1
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _term(self) -> Expression:
        token = self.peek()
        negated = token is not None and (
            token.kind == "minus" or (token.kind == "word" and token.text == "NOT")
        )
        if negated:
            self._next += 1
        simple = self._simple()
        return Not(simple) if negated else simple

    def _simple(self) -> Expression:
        token = self._take()
        self._terms += 1
        if self._terms > TERMS_MAX:
            raise errors.invalid_field("filter", "FILTER_TOO_LARGE", limit=TERMS_MAX)
        if token.kind == "open":
            return self._group()
        if token.kind == "string":
            return Text(_unquote(token.text), token.position)
        if token.kind != "word" or token.text in ("AND", "OR", "NOT"):
            _refuse(token.position, token.text)
        following = self.peek()
        if following is not None and following.kind == "operator":
            return self._comparison(token)
        if following is not None and following.kind == "open":
            return self._function(token)
        return Text(token.text, token.position)

    def _group(self) -> Expression:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise errors.invalid_field("filter", "FILTER_TOO_LARGE", limit=DEPTH_MAX)
        inner = self.expression()
        self._expect("close")
        self._depth -= 1
        return inner

    def _comparison(self, field: _Token) -> Comparison:
        operator = self._take().text
        value = self._take()
        if value.kind == "minus":
            word = self._take()
            value = _Token(word.kind, "-" + word.text, value.position)
        if value.kind == "string":
            text = _unquote(value.text)
        elif value.kind == "word":
            text = self._instant(value.text)
        else:
            _refuse(value.position, value.text)
        return Comparison(field.text, operator, text, value.kind == "string", field.position)

    def _instant(self, text: str) -> str:
        """Join what the colons of a bare RFC 3339 instant took apart."""
        while (
            re.match(r"\d{4}-\d\d-\d\dT", text)
            and (colon := self.peek()) is not None
            and colon.text == ":"
        ):
            self._next += 1
            text += ":" + self._take().text
        return text

    def _function(self, name: _Token) -> Function:
        self._expect("open")
        arguments: list[str] = []
        while (token := self._take()).kind != "close":
            if token.kind not in ("string", "word"):
                _refuse(token.position, token.text)
            arguments.append(_unquote(token.text) if token.kind == "string" else token.text)
            following = self.peek()
            if following is not None and following.kind == "comma":
                self._next += 1
        return Function(name.text, tuple(arguments), name.position)

    def _take(self) -> _Token:
        token = self.peek()
        if token is None:
            _refuse(self._end, "")
        self._next += 1
        return token

    def _expect(self, kind: str) -> None:
        token = self._take()
        if token.kind != kind:
            _refuse(token.position, token.text)


def _unquote(text: str) -> str:
    return _ESCAPE.sub(lambda found: STAR if found[1] == "*" else found[1], text[1:-1])


def _refuse(position: int, text: str) -> NoReturn:
    raise errors.invalid_field("filter", "INVALID_FILTER", position=position + 1, found=text[:40])
