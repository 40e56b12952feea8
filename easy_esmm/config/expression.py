"""Parses expressions over columns with Python's `ast`; nothing is evaluated as code.

    either     = both ('|' both)*
    both       = comparison ('&' comparison)*
    comparison = sum [('<' | '<=' | '==' | '!=' | '>=' | '>') sum]
    sum        = product (('+' | '-') product)*
    product    = factor (('*' | '/') factor)*
    factor     = ('-' | '!') factor | '(' either ')' | function '(' either ')' | number | column

With `powers` a factor that is no sign may be followed by `'**' factor`, as in Python.

A column is a name, in quotes if it is none of letters, digits, '_' and '.'; functions are those of
`functions`. A comparison and a BOOL column are conditions, which count as 1 and 0 where a number is
wanted; '&', '|' and '!' want conditions.

The grammar is not Python's, where '&' binds closer than '<' and a column cannot be named `class`.
So the text is translated first: every operand becomes the name `_`, and '&', '|' and '!' become
`and`, `or` and `~`.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Dict, List, Mapping, NoReturn, Optional, Tuple, Union

from easy_esmm.config.functions import FUNCTIONS, bare_name
from easy_esmm.config.hints import did_you_mean

_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<quoted>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign><=|>=|==|!=|\*\*|&&|\|\||[-+*/()<>=&|!])",
    re.ASCII,
)
_WORD = re.compile(r"[\w.]+", re.ASCII)
_COMPARISONS: Dict[Any, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=", ast.GtE: ">=", ast.Gt: ">",
}  # fmt: skip
_NUMERIC: Dict[Any, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Pow: "**",
}  # fmt: skip
_LOGICAL: Dict[Any, str] = {ast.And: "&", ast.Or: "|"}
_BINARY = {*_COMPARISONS.values(), *_NUMERIC.values(), *_LOGICAL.values()}
_IN_PYTHON = {"&": "and", "|": "or", "!": "~"}
_OTHERWISE = {"=": "==", "&&": "&", "||": "|", "and": "&", "or": "|", "not": "!"}
"""What other languages write -> what is written here."""
_DEEPEST = 50
"""Parentheses, functions and signs inside each other, and powers in all."""
_LARGEST_WHOLE = 2.0**63
_LONGEST = 1000
"""Operators: Python's parser nests a sum, and gives up at some 3,000."""


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
    value: Union[int, float, str] = 0
    """Of a number, an int if it is whole and fits 64 bits; or the name of a column."""


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


def parse_expression(
    text: str,
    columns: Mapping[str, bool],
    powers: bool = False,
    known_as: str = "one of input_names",
) -> Expression:
    """Parses `text` over `columns`: name -> whether the column is BOOL. Raises BadExpression.

    `powers` allows `**`; `known_as` says in a message what a name must be.
    """
    translation = _Translation(text, columns, powers, known_as)
    walk = _Walk(translation.token_at, columns)
    walk.visit(ast.parse(translation.source, mode="eval").body)
    return Expression(tuple(walk.steps))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


class _Walk:
    """Appends the steps of a tree's nodes; each visit returns whether the node is a condition."""

    def __init__(self, token_at: Mapping[int, _Token], columns: Mapping[str, bool]) -> None:
        """`token_at`: place in the translated text -> token."""
        self.steps: List[Step] = []
        self._token_at, self._columns = token_at, columns
        self._visits: Dict[Any, Any] = {
            ast.BoolOp: self._logical,
            ast.Compare: self._comparison,
            ast.BinOp: self._numeric,
            ast.UnaryOp: self._signed,
            ast.Call: self._function,
            ast.Name: self._operand,
        }
        """The nodes that are allowed."""

    def visit(self, node: Any) -> bool:
        """Appends the steps of a node."""
        is_condition: bool = self._visits[type(node)](node)
        return is_condition

    def _logical(self, node: ast.BoolOp) -> bool:
        sign = _LOGICAL[type(node.op)]
        for number, part in enumerate(node.values):
            self._condition(part, sign)
            if number:
                self.steps.append(Step(sign))
        return True

    def _comparison(self, node: ast.Compare) -> bool:
        self.visit(node.left)
        self.visit(node.comparators[0])
        self.steps.append(Step(_COMPARISONS[type(node.ops[0])]))
        if len(node.ops) > 1:
            behind = node.comparators[0].end_col_offset or 0
            signs = (t for at, t in self._token_at.items() if at >= behind)
            second = next(token for token in signs if token.text != ")")
            _fail(second, "must not compare a comparison", "write (a < b) & (b < c)")
        return True

    def _numeric(self, node: ast.BinOp) -> bool:
        links: List[Tuple[ast.operator, ast.expr]] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):  # a long sum is a deep tree
            links.append((first.op, first.right))
            first = first.left
        self.visit(first)
        for sign, right in reversed(links):
            self.visit(right)
            self.steps.append(Step(_NUMERIC[type(sign)]))
        return False

    def _signed(self, node: ast.UnaryOp) -> bool:
        if isinstance(node.op, ast.Invert):
            self._condition(node.operand, "!")
            self.steps.append(Step("not"))
            return True
        self.visit(node.operand)
        self.steps.append(Step("negate"))
        return False

    def _function(self, node: ast.Call) -> bool:
        self.visit(node.args[0])
        self.steps.append(Step(bare_name(self._token_at[node.col_offset].text)))
        return False

    def _operand(self, node: ast.Name) -> bool:
        token = self._token_at[node.col_offset]
        if token.kind == "number":
            self.steps.append(Step("number", _literal(token.text)))
            return False
        name = _column_name(token)
        self.steps.append(Step("column", name))
        return self._columns[name]

    def _condition(self, node: ast.expr, sign: str) -> None:
        if not self.visit(node):
            rule = f"must be a condition, which {sign!r} wants,"
            _fail(self._token_at[node.col_offset], rule, "compare it with something")


class _Translation:
    """A text as Python's: an expression whatever the text is, and none too deep for its parser.

    Operands and operators take turns, parentheses are closed. Raises BadExpression.
    """

    def __init__(self, text: str, columns: Mapping[str, bool], powers: bool, known_as: str) -> None:
        self.source = ""
        self.token_at: Dict[int, _Token] = {}
        """The tokens by their places in `source`."""
        self._columns, self._known_as = columns, known_as
        self._most_powers, self._powers = _DEEPEST if powers else 0, 0
        self._opened: List[Tuple[_Token, int]] = []
        """Parentheses that are open, and how deep each stands."""
        self._depth = self._signs = self._operators = 0
        self._wants_operand = True
        tokens = _tokens(text)
        for token, following in zip(tokens, [*tokens[1:], tokens[-1]]):
            if self._wants_operand:
                self._begin_operand(token, following)
            else:
                self._end_operand(token)
            self.token_at[len(self.source)] = token
            is_sign = token.kind in ("sign", "end")
            self.source += (_IN_PYTHON.get(token.text, token.text) if is_sign else "_") + " "

    def _begin_operand(self, token: _Token, following: _Token) -> None:
        if self._depth + self._signs == _DEEPEST:
            _fail(token, f"must not be nested more than {_DEEPEST} deep")
        if token.text in ("-", "!"):
            self._signs += 1
        elif token.text == "(":
            self._opened.append((token, self._depth))
            self._depth, self._signs = self._depth + self._signs + 1, 0
        elif token.kind == "name" and following.text == "(":
            _require_function(token)
        else:
            _require_operand(token, self._columns, self._known_as)
            self._signs, self._wants_operand = 0, False

    def _end_operand(self, token: _Token) -> None:
        if token.text in _BINARY:
            self._operators += 1
            self._powers += token.text == "**"
            if self._powers > self._most_powers:
                _fail_power(token, self._most_powers)
            if self._operators > _LONGEST:
                _fail(token, f"must not have more than {_LONGEST:,} operators")
            self._wants_operand = True
        elif self._opened:
            start, self._depth = self._opened.pop()
            if token.text != ")":
                _fail(token, f"must close the parenthesis of character {start.position}")
        elif token.kind != "end":
            _fail(token, f"must have an operator before {token.text!r}")


def _require_function(token: _Token) -> None:
    name = bare_name(token.text)
    if name not in FUNCTIONS:
        hint = did_you_mean(name, FUNCTIONS)
        rule = f"must be one of the functions {', '.join(FUNCTIONS)}, not {token.text!r},"
        raise BadExpression(token.position, rule, hint)


def _require_operand(token: _Token, columns: Mapping[str, bool], known_as: str) -> None:
    if token.kind == "number":
        if not math.isfinite(float(token.text)):
            _fail(token, f"must be a finite number, not {token.text!r},")
    elif token.kind in ("name", "quoted"):
        name = _column_name(token)
        if name not in columns:
            hint = None if token.text in _OTHERWISE else did_you_mean(name, columns)
            _fail(token, f"must be {known_as}, not {name!r},", hint)
    else:
        is_name = token.kind == "unknown" and token.text[0].isalnum()
        hint = "put a column's name in quotes" if is_name else None
        _fail(token, "must have a number, a column, a function or a parenthesis", hint)


def _literal(text: str) -> Union[float, int]:
    """An int if it is whole, however it is written, and fits 64 bits."""
    number = float(text)
    exact = Decimal(text) if abs(number) < _LARGEST_WHOLE else None
    return int(exact) if exact is not None and exact == exact.to_integral_value() else number


def _column_name(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _fail_power(token: _Token, most: int) -> NoReturn:
    if most:
        _fail(token, f"must not have more than {most} '**'")
    _fail(token, "must not have '**'", "write square(x), or exp(y * log(x))")


def _fail(token: _Token, rule: str, hint: Optional[str] = None) -> NoReturn:
    if hint is None and token.text in _OTHERWISE:
        hint = f"write {_OTHERWISE[token.text]}"
    raise BadExpression(token.position, rule, hint)


def _tokens(text: str) -> List[_Token]:
    tokens: List[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            word = _WORD.match(text, at)
            kind, token = "unknown", text[at] if word is None else word.group()
        else:
            kind, token = str(match.lastgroup), match.group()
        tokens.append(_Token(kind, token, at + 1))
        at += len(token)
    return [*tokens, _Token("end", "", len(text) + 1)]
