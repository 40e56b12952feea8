"""The grammar of expressions: what they mean, and where they are wrong."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest

from easy_esmm.config.expression import BadExpression, parse_expression

COLUMNS = {"age": False, "price": False, "is_new": True, "109_14": False}


def steps(text: str) -> str:
    """The steps in their order, columns by their names."""
    expression = parse_expression(text, COLUMNS)
    return " ".join(
        str(step.value) if step.operation in ("number", "column") else step.operation
        for step in expression.steps
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age", "age"),
        ("1 + 2 * 3", "1 2 3 * +"),
        ("1 - 2 - 3", "1 2 - 3 -"),
        ("8 / 4 / 2", "8 4 / 2 /"),
        ("(1 + 2) * 3", "1 2 + 3 *"),
        ("-age * 2", "age negate 2 *"),
        ("1--1", "1 1 negate -"),
        ("age>=18", "age 18 >="),
        ("age + 1 > price * 2", "age 1 + price 2 * >"),
        ("age > 1 & price < 2 | is_new", "age 1 > price 2 < & is_new |"),
        ("is_new | age > 1 & price < 2", "is_new age 1 > price 2 < & |"),
        ("!is_new & !(age > 1)", "is_new not age 1 > not &"),
        ("(age > 18) * price", "age 18 > price *"),
        ("tf.math.log1p(age) / 10.0", "age log1p 10 /"),
        ("log1p(age + 1)", "age 1 + log1p"),
        ("'109_14' + \"age\"", "109_14 age +"),
        ("1.5e-3 + .5 + 2.", "0.0015 0.5 + 2 +"),
        ("is_new == (age > 3)", "is_new age 3 > =="),
    ],
)
def test_text_is_these_steps_on_a_stack(text: str, expected: str) -> None:
    assert steps(text) == expected


def test_columns_are_named_once_in_the_order_of_their_use() -> None:
    assert parse_expression("price + age * price", COLUMNS).columns == ("price", "age")


FAULTS: Dict[str, Tuple[str, str]] = {
    "": ("must have a number, a column, a function or a parenthesis at character 1", ""),
    "age +": ("must have a number, a column, a function or a parenthesis at character 6", ""),
    "age 18": ("must have an operator before '18' at character 5", ""),
    "age => 18": ("must have an operator before '=' at character 5", "write =="),
    "age > 1 && is_new": ("must have an operator before '&&' at character 9", "write &"),
    "age > 1 and is_new": ("must have an operator before 'and' at character 9", "write &"),
    "(age > 1": ("must close the parenthesis of character 1 at character 9", ""),
    "age > 1)": ("must have an operator before ')' at character 8", ""),
    "1 < age < 3": ("must not compare a comparison at character 9", "write (a < b) & (b < c)"),
    "agee > 1": ("must be one of input_names, not 'agee', at character 1", "did you mean age?"),
    "age & is_new": (
        "must be a condition, which '&' wants, at character 1",
        "compare it with something",
    ),
    "is_new | price": (
        "must be a condition, which '|' wants, at character 10",
        "compare it with something",
    ),
    "!age": ("must be a condition, which '!' wants, at character 2", "compare it with something"),
    "sqrtt(age)": (
        "must be one of the functions abs, asinh, ceil, exp, expm1, floor, log, log1p, sigmoid, "
        "sign, sqrt, square, tanh, not 'sqrtt', at character 1",
        "did you mean sqrt?",
    ),
    "__import__('os')": (
        "must be one of the functions abs, asinh, ceil, exp, expm1, floor, log, log1p, sigmoid, "
        "sign, sqrt, square, tanh, not '__import__', at character 1",
        "",
    ),
    "age ** 2": ("must not have '**' at character 5", "write square(x), or exp(y * log(x))"),
    "age[0]": ("must have an operator before '[' at character 4", ""),
    "lambda x: x": ("must be one of input_names, not 'lambda', at character 1", ""),
    "1abc": (
        "must have a number, a column, a function or a parenthesis at character 1",
        "put a column's name in quotes",
    ),
    "109_14 + 1": (
        "must have a number, a column, a function or a parenthesis at character 1",
        "put a column's name in quotes",
    ),
    "age + größe": ("must be one of input_names, not 'gr', at character 7", ""),
    "価格 + 1": (
        "must have a number, a column, a function or a parenthesis at character 1",
        "put a column's name in quotes",
    ),
    "not is_new": ("must be one of input_names, not 'not', at character 1", "write !"),
    "age * 1e999": ("must be a finite number, not '1e999', at character 7", ""),
    "age + $": ("must have a number, a column, a function or a parenthesis at character 7", ""),
    "age + 'other'": ("must be one of input_names, not 'other', at character 7", ""),
}


@pytest.mark.parametrize("text", FAULTS)
def test_fault_is_named_with_its_character(text: str) -> None:
    with pytest.raises(BadExpression) as caught:
        parse_expression(text, COLUMNS)
    assert (str(caught.value), caught.value.hint or "") == FAULTS[text]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("-age ** 2", ["age", 2, "**", "negate"]),
        ("age ** 2 ** 3", ["age", 2, 3, "**", "**"]),
        ("2 * age ** -1 / 3", [2, "age", 1, "negate", "**", "*", 3, "/"]),
        ("abs(age) ** (1 - .5)", ["age", "abs", 1, 0.5, "-", "**"]),
    ],
)
def test_powers_bind_as_in_python_where_they_are_allowed(text: str, steps: List[object]) -> None:
    found = parse_expression(text, COLUMNS, powers=True).steps
    operands = ("number", "column")
    assert [s.value if s.operation in operands else s.operation for s in found] == steps


def test_no_row_of_powers_exhausts_the_parser() -> None:
    assert len(parse_expression("**".join(["age"] * 51), COLUMNS, powers=True).steps) == 101
    with pytest.raises(BadExpression, match=r"must not have more than 50 '\*\*' at character 254"):
        parse_expression("**".join(["age"] * 900), COLUMNS, powers=True)


def test_what_a_name_must_be_is_told_in_the_words_of_the_caller() -> None:
    with pytest.raises(BadExpression, match="must be a column of the items, not 'x', at char"):
        parse_expression("x", COLUMNS, known_as="a column of the items")


def nested(depth: int) -> str:
    return "(" * depth + "age" + ")" * depth


@pytest.mark.parametrize("wrap", ["({})", "-{}", "abs({})"])
def test_depth_is_limited(wrap: str) -> None:
    texts: List[str] = ["age"]
    for _ in range(50):
        texts.append(wrap.format(texts[-1]))
    parse_expression(texts[49], COLUMNS)
    with pytest.raises(BadExpression, match="must not be nested more than 50 deep"):
        parse_expression(texts[50], COLUMNS)


def test_a_thousand_operators_are_read_and_no_more() -> None:
    assert len(parse_expression("+".join(["age"] * 1001), COLUMNS).steps) == 2001
    with pytest.raises(BadExpression, match="must not have more than 1,000 operators at char"):
        parse_expression("+".join(["age"] * 5000), COLUMNS)


def test_columns_may_be_named_like_words_of_python() -> None:
    expression = parse_expression("class + 007 * lambda.x", {"class": False, "lambda.x": False})
    assert expression.columns == ("class", "lambda.x")


@pytest.mark.parametrize("text", ["(" * 10**5, "-" * 10**5, "abs(" * 10**5, "age+" * 10**5])
def test_no_text_exhausts_the_parser(text: str) -> None:
    with pytest.raises(BadExpression):
        parse_expression(text, COLUMNS)


def test_thousands_of_digits_that_are_no_number_are_refused_at_once() -> None:
    with pytest.raises(BadExpression, match="character 1"):
        parse_expression("1" * 60_000 + "x", {"a": False})
