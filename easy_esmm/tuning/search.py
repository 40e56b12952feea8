"""Search spaces: which fields of a config are tried, and over which values."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple, Union

from easy_esmm.comparing.configs import Variant, read_variant
from easy_esmm.config import Edit
from easy_esmm.errors import UserError

FLAG = "--search"
LOG, UNIFORM, INT, CHOICE = "log", "uniform", "int", "choice"
_FORMS = "log(1e-4,1e-2), uniform(0,.5), int(8,64), int(8,64,8) or choice(16,32,64)"
_SPACE = re.compile(r"(?P<path>.+?)=\s*(?P<kind>[a-z]+)\((?P<values>.*)\)\s*", re.DOTALL)

Value = Union[float, int, str]
"""Of a choice its JSON text."""


@dataclass(frozen=True)
class Dimension:
    """The values of one field, or of all fields that the path names."""

    path: str
    """As in `--edit_config_json`."""
    kind: str
    low: float = 0.0
    high: float = 0.0
    """The last value of `INT` is at most this."""
    step: int = 1
    choices: Tuple[str, ...] = ()
    """JSON texts."""

    def edit(self, value: Value) -> Edit:
        """The change of a config to a value."""
        given: Any = json.loads(value) if isinstance(value, str) else value
        return Edit(FLAG, self.path, given)

    def ends(self) -> Tuple[Value, ...]:
        """Values by which the whole range is checked."""
        if self.kind == CHOICE:
            return self.choices
        return (int(self.low), int(self.high)) if self.kind == INT else (self.low, self.high)

    def __str__(self) -> str:
        if self.kind == CHOICE:
            return f"{self.path}=choice({','.join(self.choices)})"
        step = f",{self.step}" if self.step > 1 else ""
        return f"{self.path}={self.kind}({self.low:g},{self.high:g}{step})"


def parse_search(texts: Sequence[str]) -> Tuple[Dimension, ...]:
    """From the flags; raises UserError."""
    if not texts:
        raise UserError(f"{FLAG}: must be given, such as {FLAG} 'PATH=log(1e-4,1e-2)'")
    found = tuple(_dimension(text) for text in texts)
    paths = [one.path for one in found]
    for path in paths:
        if paths.count(path) > 1:
            raise UserError(f"{FLAG}: must name each field once, and names {path} twice")
    return found


def require_valid(variant: Variant, space: Sequence[Dimension]) -> None:
    """Raises ConfigError where a field is not there, or an end of its range is refused."""
    for dimension in space:
        for value in dimension.ends():
            with_values(variant, {dimension.path: value}, space)


def with_values(
    variant: Variant, values: Dict[str, Value], space: Sequence[Dimension], name: str = ""
) -> Variant:
    """The config with values for some fields of the space."""
    edits = [one.edit(values[one.path]) for one in space if one.path in values]
    return read_variant(name or variant.name, variant.path, (*variant.edits, *edits))


def _dimension(text: str) -> Dimension:
    match = _SPACE.fullmatch(text.strip())
    makers = {LOG: _between, UNIFORM: _between, INT: _whole, CHOICE: _choice}
    if match is None or match["kind"] not in makers:
        raise UserError(f"{FLAG}: must be PATH=SPACE with a space such as {_FORMS}, got '{text}'")
    path, kind = match["path"].strip(), match["kind"]
    return makers[kind](text, path, kind, match["values"])


def _between(text: str, path: str, kind: str, values: str) -> Dimension:
    low, high = _numbers(text, values, (2,))
    if not low < high:
        raise UserError(f"{FLAG}: must have a lower end below the upper one, got '{text}'")
    if kind == LOG and low <= 0:
        raise UserError(f"{FLAG}: must begin above 0 for log, got '{text}'; or use uniform")
    return Dimension(path, kind, low, high)


def _whole(text: str, path: str, kind: str, values: str) -> Dimension:
    low, high, *step = _numbers(text, values, (2, 3))
    numbers = (low, high, *step)
    if any(number != int(number) for number in numbers) or not low < high:
        raise UserError(f"{FLAG}: must be two whole numbers, and a step perhaps, got '{text}'")
    by = int(step[0]) if step else 1
    if by < 1:
        raise UserError(f"{FLAG}: must have a step of at least 1, got '{text}'")
    return Dimension(path, kind, low, high, by)


def _choice(text: str, path: str, kind: str, values: str) -> Dimension:
    try:
        choices: List[Any] = json.loads(f"[{values}]")
    except json.JSONDecodeError:  # words, such as names of enums
        choices = [word.strip() for word in values.split(",")]
    texts = tuple(json.dumps(choice) for choice in choices)
    if len(set(texts)) < 2 or len(set(texts)) < len(texts):
        raise UserError(f"{FLAG}: must choose among different values, got '{text}'")
    return Dimension(path, kind, choices=texts)


def _numbers(text: str, values: str, counts: Tuple[int, ...]) -> List[float]:
    try:
        numbers = [float(word) for word in values.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in counts or not all(map(math.isfinite, numbers)):
        raise UserError(f"{FLAG}: must be {_FORMS}, got '{text}'")
    return numbers
