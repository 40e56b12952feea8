"""Expressions over columns, in a small grammar of our own. Nothing is evaluated as code.

    either     = both ('|' both)*
    both       = comparison ('&' comparison)*
    comparison = sum [('<' | '<=' | '==' | '!=' | '>=' | '>') sum]
    sum        = product (('+' | '-') product)*
    product    = factor (('*' | '/') factor)*
    factor     = ('-' | '!') factor | '(' either ')' | function '(' either ')' | number | column

A column is a name, in quotes if it is none of letters, digits, '_' and '.'; functions are those of
`functions`. A comparison and a BOOL column are conditions, which count as 1 and 0 where a number is
wanted; '&', '|' and '!' want conditions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Callable, List, Mapping, NoReturn, Optional, Tuple, Union

from easy_esmm.config.functions import FUNCTIONS, bare_name
from easy_esmm.config.hints import did_you_mean

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<quoted>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/()<>=&|!])",
    re.ASCII,
)
_COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
_OTHERWISE = {"=": "==", "&&": "&", "||": "|", "and": "&", "or": "|", "not": "!"}
"""What other languages write -> what is written here."""
_DEEPEST = 50
"""Parentheses, functions and signs inside each other."""


class BadExpression(ValueError):
    """A text that is no expression; str() is the rule that it breaks."""

    def __init__(self, position: int, rule: str, hint: Optional[str] = None) -> None:
        super().__init__(f"{rule} at character {position}")
        self.position = position
        """Character of the text, from 1, at which the rule is broken."""
        self.hint = hint


@dataclass(frozen=True)
class Step:
    """Puts a value on the stack, or takes one or two from it and puts their result there."""

    operation: str
    """`number`, `column`, `negate`, `not`, a sign of the grammar, or a function's bare name."""
    value: Union[float, str] = 0.0
    """Of a number, or the name of a column."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    steps: Tuple[Step, ...]
    """In the order of evaluation on a stack, which holds the result in the end."""

    @property
    def columns(self) -> Tuple[str, ...]:
        """Names of the columns that it reads, each once."""
        names = [str(step.value) for step in self.steps if step.operation == "column"]
        return tuple(dict.fromkeys(names))


def parse_expression(text: str, columns: Mapping[str, bool]) -> Expression:
    """Parses `text` over `columns`: name -> whether the column is BOOL. Raises BadExpression."""
    parser = _Parser(text, columns)
    parser.whole()
    return Expression(tuple(parser.steps))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    """Recursive descent: each method appends the steps of what it reads.

    It returns whether that is a condition.
    """

    def __init__(self, text: str, columns: Mapping[str, bool]) -> None:
        self.steps: List[Step] = []
        self._columns = columns
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0

    def whole(self) -> None:
        """Reads everything."""
        self._either()
        if self._token.kind != "end":
            self._fail(f"must have an operator before {self._token.text!r}")

    def _either(self) -> bool:
        return self._conditions("|", self._both)

    def _both(self) -> bool:
        return self._conditions("&", self._comparison)

    def _conditions(self, sign: str, part: Callable[[], bool]) -> bool:
        start = self._token
        is_condition = part()
        while self._token.text == sign:
            _demand_condition(is_condition, start, sign)
            self._next += 1
            start = self._token
            _demand_condition(part(), start, sign)
            self.steps.append(Step(sign))
        return is_condition

    def _comparison(self) -> bool:
        is_condition = self._numbers(("+", "-"), self._product)
        if self._token.text not in _COMPARISONS:
            return is_condition
        sign = self._take()
        self._numbers(("+", "-"), self._product)
        self.steps.append(Step(sign))
        if self._token.text in _COMPARISONS:
            self._fail("must not compare a comparison", "write (a < b) & (b < c)")
        return True

    def _product(self) -> bool:
        return self._numbers(("*", "/"), self._factor)

    def _numbers(self, signs: Tuple[str, ...], part: Callable[[], bool]) -> bool:
        is_condition = part()
        while self._token.text in signs:
            sign = self._take()
            part()
            self.steps.append(Step(sign))
            is_condition = False
        return is_condition

    def _factor(self) -> bool:
        token = self._token
        if self._depth == _DEEPEST:
            self._fail(f"must not be nested more than {_DEEPEST} deep")
        self._depth += 1
        factors = {"-": self._negated, "!": self._inverted, "(": self._parenthesis}
        is_condition = factors.get(token.text, self._value)()
        self._depth -= 1
        return is_condition

    def _negated(self) -> bool:
        self._next += 1
        self._factor()
        self.steps.append(Step("negate"))
        return False

    def _inverted(self) -> bool:
        self._next += 1
        start = self._token
        _demand_condition(self._factor(), start, "!")
        self.steps.append(Step("not"))
        return True

    def _parenthesis(self) -> bool:
        opened = self._token
        self._next += 1
        is_condition = self._either()
        if self._token.text != ")":
            self._fail(f"must close the parenthesis of character {opened.position}")
        self._next += 1
        return is_condition

    def _value(self) -> bool:
        token = self._token
        if token.kind not in ("number", "name", "quoted"):
            is_name = token.kind == "unknown" and token.text.isalnum()
            hint = "put a column's name in quotes" if is_name else None
            self._fail("must have a number, a column, a function or a parenthesis", hint)
        self._next += 1
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name" and self._token.text == "(":
            return self._function(token)
        return self._column(token)

    def _number(self, token: _Token) -> bool:
        value = float(token.text)
        if not math.isfinite(value):
            raise BadExpression(token.position, f"must be a finite number, not {token.text!r},")
        self.steps.append(Step("number", value))
        return False

    def _function(self, token: _Token) -> bool:
        name = bare_name(token.text)
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS)
            rule = f"must be one of the functions {', '.join(FUNCTIONS)}, not {token.text!r},"
            raise BadExpression(token.position, rule, hint)
        self._parenthesis()
        self.steps.append(Step(name))
        return False

    def _column(self, token: _Token) -> bool:
        name = token.text[1:-1] if token.kind == "quoted" else token.text
        if name not in self._columns:
            is_known = token.text in _OTHERWISE
            hint = f"write {_OTHERWISE[name]}" if is_known else did_you_mean(name, self._columns)
            raise BadExpression(token.position, f"must be one of input_names, not {name!r},", hint)
        self.steps.append(Step("column", name))
        return self._columns[name]

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1].text

    def _fail(self, rule: str, hint: Optional[str] = None) -> NoReturn:
        token = self._token
        if hint is None and token.text in _OTHERWISE:
            hint = f"write {_OTHERWISE[token.text]}"
        raise BadExpression(token.position, rule, hint)


def _demand_condition(is_condition: bool, start: _Token, sign: str) -> None:
    if not is_condition:
        rule = f"must be a condition, which {sign!r} wants,"
        raise BadExpression(start.position, rule, "compare it with something")


def _tokens(text: str) -> List[_Token]:
    tokens: List[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        kind, token = ("unknown", text[at]) if match is None else (match.lastgroup, match.group())
        tokens.append(_Token(str(kind), token, at + 1))
        at += len(token)
    return [*tokens, _Token("end", "", len(text) + 1)]
