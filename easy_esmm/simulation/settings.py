"""The settings of a simulation, validated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Tuple

from easy_esmm.errors import UserError

MAX_KAPPA = 3.0
"""Up to here 48 quadrature nodes give the true rates to a relative error below 3e-5."""
MAX_ROWS = 50_000_000
"""Keeps the ids of users and items inside their ranges."""


@dataclass(frozen=True)
class Settings:
    """The settings of a simulation; raises UserError with all problems if one is invalid."""

    rows: int = 500_000
    """Impressions, training and test together."""
    test_share: float = 0.25
    rho: float = 0.7
    """Correlation of the click logit with the conversion logit over all impressions."""
    kappa: float = 0.0
    """Size of an unobserved N(0, 1) cause that is added to both logits."""
    click_rate: float = 0.04
    """Mean true pCTR over all impressions."""
    conv_rate: float = 0.05
    """Conversions per click."""
    history_length: float = 8.0
    """Mean number of past behaviours of a user (a history holds a little fewer distinct ids)."""
    seed: int = 1

    def __post_init__(self) -> None:
        problems = [
            f"--{name}: must be {rule}, got {getattr(self, name)}"
            for name, rule, holds in _RULES
            if not holds(getattr(self, name))
        ]
        if problems:
            raise UserError("\n".join(problems))

    @property
    def test_rows(self) -> int:
        """Impressions of the test part; at least one."""
        return max(1, round(self.rows * self.test_share))

    @property
    def train_rows(self) -> int:
        """Impressions of the training part."""
        return self.rows - self.test_rows


def _inside(low: float, high: float) -> Callable[[float], bool]:
    return lambda value: low < value < high


def _within(low: float, high: float) -> Callable[[float], bool]:
    return lambda value: math.isfinite(value) and low <= value <= high


_RULES: Tuple[Tuple[str, str, Callable[[float], bool]], ...] = (
    ("rows", f"in [100, {MAX_ROWS}]", _within(100, MAX_ROWS)),
    ("test_share", "in (0, 1)", _inside(0, 1)),
    ("rho", "in [-1, 1]", _within(-1, 1)),
    ("kappa", f"in [0, {MAX_KAPPA:g}]", _within(0, MAX_KAPPA)),
    ("click_rate", "in (0, 1)", _inside(0, 1)),
    ("conv_rate", "in (0, 1), conversions per click", _inside(0, 1)),
    ("history_length", "in [0, 1000]", _within(0, 1000)),
    ("seed", "in [0, 2^63)", _within(0, 2**63 - 1)),
)
