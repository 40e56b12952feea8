"""Parses config text to a tree of names, values and places, and reports every syntax error.

`text_format` stops at its first error and forgets where things stood; this walk over its tokens
goes on after an error. It reads what `text_format.Merge` reads: `:` before `{` is optional, `<` and
`>` are braces too, `[a, b]` are lists, adjacent strings are joined, `,` and `;` may end a field.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from google.protobuf import text_format

from easy_esmm.config.problems import ENOUGH, Place, Problem
from easy_esmm.config.tree import Body, Entry, Scalar, Value

DEEPEST = 60
"""Messages inside messages; the schema needs 12, and protobuf itself stops at 100."""

_LONGEST_REST = 10_000
"""Tokens that are left out behind an error in a line; of a longer line nothing more is read."""

_LONG = 500
_ATOM = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["'#].*|\s+|[^\s"'#]+""")

_CLOSING = {"{": "}", "<": ">"}


def located(text: str, source: str) -> Iterator[Tuple[Optional[Entry], List[Problem]]]:
    """The fields of `text` one by one, each with the syntax problems up to its end.

    None in place of a field that has no value. `source` names the text in places. A reader may stop
    early: the tokens of text that is no config take 8 us each.
    """
    reader = _Reader(text, source)
    while not reader.at_end():
        yield reader.field(path="", depth=0), reader.problems


def locate_values(text: str, source: str) -> Tuple[Tuple[Value, ...], bool, List[Problem]]:
    """As `locate`, for the right-hand side of one field: values, whether a list, problems.

    Problems and places bear no line: the text is a flag's.
    """
    reader = _Reader(text, source, is_flag=True)
    values, is_list = reader.right_hand_side(path="", depth=0)
    if not reader.at_end() and not reader.problems:
        reader.add_problem("", "unexpected text after the value", reader.token())
    return values, is_list, reader.problems


class _Reader:
    """Recursive descent over protobuf's own tokens."""

    def __init__(self, text: str, source: str, is_flag: bool = False) -> None:
        self.problems: List[Problem] = []
        self._source = source
        self._is_flag = is_flag
        self._is_cut_off = self._is_given_up = False
        self._swallowed: List[str] = []
        """Closing braces that stood behind a quote without its partner, still to be met."""
        self._parts = list(_parts(text))
        self._tokens: Any = text_format.Tokenizer([part.text for part in self._parts])

    def token(self) -> str:
        return str(self._tokens.token)

    def at_end(self) -> bool:
        is_over = self._is_given_up or len(self.problems) > ENOUGH
        return is_over or bool(self._tokens.AtEnd())

    def add_problem(self, path: str, rule: str, value: Optional[str] = None) -> None:
        self.problems.append(Problem(self._place(), path, rule, value))

    def fields(self, closing: str, path: str, depth: int) -> Tuple[List[Entry], bool]:
        """Fields up to the brace `closing`, or the end; whether the brace was there."""
        entries: List[Entry] = []
        while True:
            if self._consume(closing):
                return entries, True
            if self.at_end():
                return entries, False
            entry = self.field(path, depth)
            if entry is not None:
                entries.append(entry)

    def right_hand_side(self, path: str, depth: int) -> Tuple[Tuple[Value, ...], bool]:
        """One value, or a list in brackets; whether it was a list."""
        if not self._tokens.TryConsume("["):
            value = self._value(path, depth)
            return (() if value is None else (value,)), False
        values: List[Value] = []
        if self._consume("]"):
            return (), True
        while True:
            value = self._value(path, depth)
            if value is not None:
                values.append(value)
            if self._consume("]"):
                return tuple(values), True
            if not self._tokens.TryConsume(","):
                self.add_problem(path, "must have ',' or ']' here", self._shown())
                self._leave_line(until="}>]")
                self._tokens.TryConsume("]")
                return tuple(values), True

    def field(self, path: str, depth: int) -> Optional[Entry]:
        """The next field; None where there is none, after a problem."""
        place, name = self._place(), self.token()
        self._swallowed = []
        if not (name[0].isalnum() or name[0] == "_"):
            self.add_problem(path, "must have a field name here", self._shown())
            self._leave_line(past=name)
            return None
        self._tokens.NextToken()
        field_path = f"{path}.{name}" if path else name
        has_colon = bool(self._tokens.TryConsume(":"))
        if not has_colon and not self._starts_value(place):
            self.problems.append(Problem(place, field_path, "has no value"))
            return None
        values, is_list = self.right_hand_side(field_path, depth)
        if not self._tokens.TryConsume(","):
            self._tokens.TryConsume(";")
        if not values and not is_list:
            return None
        return Entry(name, place, values, is_list, has_colon)

    def _value(self, path: str, depth: int) -> Optional[Value]:
        token, place = self.token(), self._place()
        if token in _CLOSING:
            return self._body(path, depth)
        if token[:1] in ("'", '"'):
            return self._string(path)
        if token and (token[0].isalnum() or token[0] in "_.+-"):
            self._tokens.NextToken()
            return Scalar(token, place)
        self.add_problem(path, "must have a value here", self._shown())
        return None

    def _body(self, path: str, depth: int) -> Body:
        place, closing = self._place(), _CLOSING[self.token()]
        if depth >= DEEPEST:
            self.add_problem(path, f"must not be more than {DEEPEST} messages deep")
            self._is_given_up = self._is_cut_off = True
            return Body((), place)
        self._tokens.NextToken()
        entries, is_closed = self.fields(closing, path, depth + 1)
        if not is_closed and not self._is_cut_off:
            self._is_cut_off = True  # the messages around it are open for the same reason
            self.problems.append(Problem(place, path, f"has no closing '{closing}'"))
        return Body(tuple(entries), place, is_closed)

    def _string(self, path: str) -> Optional[Scalar]:
        place = self._place()
        try:
            content: bytes = self._tokens.ConsumeByteString()
        except text_format.ParseError:
            is_open = len(self.token()) < 2 or self.token()[-1] != self.token()[0]
            self.add_problem(
                path,
                "must have a closing quote" if is_open else "must have valid escapes in its string",
                self.token(),
            )
            if is_open:
                self._swallowed = _closing_braces(self.token()[1:])
            self._tokens.NextToken()
            return None
        return Scalar(content.decode("utf-8", "backslashreplace"), place, content)

    def _consume(self, closing: str) -> bool:
        """Whether `closing` comes next, which is then past; it may have stood inside a string."""
        if self._swallowed[:1] == [closing]:
            del self._swallowed[0]
            return True
        return bool(self._tokens.TryConsume(closing))

    def _starts_value(self, name: Place) -> bool:
        """Whether, after a name without colon, the next token can be its value.

        A bare word on a later line is the next field rather than this one's value.
        """
        token = self.token()
        if not token:
            return False
        return token[0] in "{<['\"" or (token[0] not in "}>]" and self._place().line == name.line)

    def _leave_line(self, past: str = "", until: str = "}>") -> None:
        """Goes on behind an error: at the next line, or the next of the braces `until`.

        The token `past` is skipped whatever it is, so that something is.
        """
        line = self._place().line
        if past:
            self._tokens.NextToken()
            if past in "}>":
                return
        left = _LONGEST_REST
        while not self.at_end() and self._place().line == line and self.token() not in until:
            self._tokens.NextToken()
            left -= 1
            self._is_given_up |= not left

    def _shown(self) -> str:
        return repr(self.token()) if self.token() else "the end of the text"

    def _place(self) -> Place:
        if self._is_flag:
            return Place(self._source)
        spot: Any = self._tokens.ParseError("")
        if not self._parts:
            return Place(self._source, 1, 1)
        part = self._parts[min(int(spot.GetLine()), len(self._parts)) - 1]
        return Place(self._source, part.line, part.column + int(spot.GetColumn()))


class _Part(NamedTuple):
    """A line, or a part of a long one."""

    text: str
    line: int
    """From 1."""
    column: int
    """Characters of the line before it."""


def _parts(text: str) -> Iterator[_Part]:
    """The lines of a text, long ones cut where a blank stands outside of strings and comments.

    The tokenizer tells a place in a time that grows with the line: a config of 160 kB in one line
    took 8 s.
    """
    for number, line in enumerate(text.split("\n"), 1):
        begin = 0
        for atom in _ATOM.finditer(line) if len(line) > _LONG else ():
            if atom.end() - begin > _LONG and atom[0].isspace():
                yield _Part(line[begin : atom.end()], number, begin)
                begin = atom.end()
        yield _Part(line[begin:], number, begin)


def _closing_braces(text: str) -> List[str]:
    """The braces and brackets that `text` closes and does not open, in their order."""
    found: List[str] = []
    is_open = 0
    for letter in text:
        if letter in "{<[":
            is_open += 1
        elif letter in "}>]":
            if is_open:
                is_open -= 1
            else:
                found.append(letter)
    return found
