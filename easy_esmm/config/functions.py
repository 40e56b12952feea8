"""Functions of one number that configs may name. They are looked up by name, never evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.rules.constraints import Constraint, Violation

FUNCTIONS: Tuple[str, ...] = (
    "abs",
    "asinh",
    "ceil",
    "exp",
    "expm1",
    "floor",
    "log",
    "log1p",
    "sigmoid",
    "sign",
    "sqrt",
    "square",
    "tanh",
)
_PREFIXES = ("tf.math.", "tf.nn.", "tf.")


def bare_name(name: str) -> str:
    """A function's name without TensorFlow's prefix: `log1p` of `tf.math.log1p`."""
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    return name[len(prefix) :]


@dataclass(frozen=True)
class FunctionName(Constraint):
    """The name of one of `FUNCTIONS`, bare or with TensorFlow's prefix."""

    def words(self) -> str:
        return f"one of {', '.join(FUNCTIONS)}, as in tf.math"

    def check(self, value: str) -> Optional[Violation]:
        name = bare_name(value)
        if name in FUNCTIONS:
            return None
        return Violation(f"must be {self.words()}", did_you_mean(name, FUNCTIONS))
