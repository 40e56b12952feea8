"""Cells of a column by its kind, as logs have them."""

from __future__ import annotations

from random import Random
from typing import Callable, Dict, List

_WORDS = ("red", "blue", "New York", "größe", "上衣", "a-b", "it's", "50%", "x", "Ω", "-", "?")
_SETS = ("a", "b", "c", "d", "e", "w1", "w2")


def _pick(*values: str) -> Callable[[Random, int], str]:
    return lambda random, row: random.choice(values)


def _weighted(random: Random, separator: str) -> str:
    return separator.join(
        f"{random.choice(_SETS)}:{random.random():.2f}" for _ in range(random.randint(1, 4))
    )


def _set(random: Random, separator: str) -> str:
    return separator.join(random.choice(_SETS) for _ in range(random.randint(1, 5)))


CELLS: Dict[str, Callable[[Random, int], str]] = {
    "small": lambda random, row: str(random.randint(0, 9)),
    "negative": lambda random, row: str(random.randint(-300, 300)),
    "thousands": lambda random, row: str(random.randint(0, 99_999)),
    "later_wide": lambda random, row: str(row if row % 30 < 20 else 2**31 + row % 4),
    "seconds": lambda random, row: str(1_577_134_800 + 977 * row),
    "id18": lambda random, row: str(157713480001816400 + 7919 * random.randint(0, 60)),
    "id19": lambda random, row: str(1577134800018164000 + 7919 * random.randint(0, 60)),
    "lowest": lambda random, row: str(random.choice((-(2**63), 2**63 - 1, 0, 5))),
    "uint64": lambda random, row: str(2**63 + random.randint(0, 50)),
    "digits25": lambda random, row: f"123456789012345678901{random.randint(1000, 1050)}",
    "hex": lambda random, row: hex(2**40 + random.randint(0, 40)),
    "bare_hex": lambda random, row: f"{random.randint(0, 80) * 2654435761 % 2**32:08x}",
    "padded": lambda random, row: f"{random.randint(0, 300):05d}",
    "plus": lambda random, row: f"+{random.random():.2f}",
    "underscores": _pick("1_000", "2_000", "30"),
    "full_width": _pick("\uff11\uff12", "\uff13", "4"),
    "decimal": lambda random, row: repr(random.random()),
    "price": lambda random, row: f"{random.random() * 1e3:.2f}",
    "cents": lambda random, row: f"{random.random() * 1e8:.2f}",
    "whole_decimal": lambda random, row: f"{random.randint(0, 70)}.0",
    "spellings": _pick("1.", ".5", "1e3", "-2.5E-3", "0", "-0.0", "7"),
    "huge": lambda random, row: repr(random.random() * 10.0 ** random.randint(30, 300)),
    "tiny": lambda random, row: repr(random.random() * 10.0 ** -random.randint(30, 320)),
    "beyond": _pick("1e400", "1.5", "-2"),
    "nan_word": _pick("nan", "1.5", "2.5", "-1"),
    "inf_word": _pick("inf", "1.5", "-Infinity"),
    "null_word": lambda random, row: random.choice(("NA", "null", f"{random.random():.3f}")),
    "slash_n": lambda random, row: random.choice(("\\N", str(random.randint(0, 5)))),
    "stray_word": lambda random, row: "abc" if row % 29 == 7 else str(random.randint(0, 900)),
    "bool": _pick("true", "False", "TRUE"),
    "yes_no": _pick("yes", "no"),
    "word": _pick(*_WORDS),
    "sentence": lambda random, row: " ".join(random.choice(_WORDS) for _ in range(6)),
    "unique": lambda random, row: f"r{row}-{random.random()}",
    "count": lambda random, row: str(row),
    "date": lambda random, row: f"2024-03-{1 + row % 28:02d}",
    "moment": lambda random, row: f"2024-03-{1 + row % 28:02d} {row % 24:02d}:30:00",
    "clock": lambda random, row: f"{row % 24:02d}:{row % 60:02d}",
    "constant": _pick("same"),
    "empty": _pick(""),
    "bars": lambda random, row: _set(random, "|"),
    "semicolons": lambda random, row: _set(random, ";"),
    "commas": lambda random, row: _set(random, ","),
    "spaces": lambda random, row: _set(random, " "),
    "five_bars": lambda random, row: "|".join(random.choice(_SETS) for _ in range(5)),
    "bars_of_numbers": lambda random, row: "|".join(str(random.randint(0, 30)) for _ in range(3)),
    "weights": lambda random, row: _weighted(random, "|"),
    "weights_commas": lambda random, row: _weighted(random, ","),
    "one_weight": lambda random, row: f"{random.choice(_SETS)}:{random.random():.2f}",
    "bad_weights": _pick("a:1e400", "b:0.5", "c:+1"),
    "quotes": _pick('say "hi"', '"', 'a"b', "plain"),
    "separators": _pick("a,b", "a\tb", "a;b", "a|b", "a\001b"),
    "comment": _pick("# not", "//x", "y"),
    "blanks_around": _pick(" a", "a", "a ", "\u3000a"),
    "blanks_only": _pick(" ", "5", "6"),
    "zero_bytes": _pick("a\0b", "a"),
    "controls": _pick("a\x07", "b\x1b[0m", "c\u2028d", "g\x1dh\x1di"),
    "returns": _pick("a\rb", "a b", "\rc"),
    "long": lambda random, row: random.choice("xy") * 3000,
}


def cells(kind: str, random: Random, rows: int, missing: float) -> List[str]:
    """A cell a row, '' for the share `missing` of them."""
    make = CELLS[kind]
    return ["" if random.random() < missing else make(random, row) for row in range(rows)]
