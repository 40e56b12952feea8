"""The settings of a simulation, validated."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Tuple

from easy_esmm.errors import UserError

MAX_KAPPA = 3.0
"""Up to here 48 quadrature nodes give the true rates to a relative error below 3e-5."""
DELAYS = ("exponential", "lognormal", "weibull")
"""Distributions of the time from a click to its conversion."""
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
    delay: str = "none"
    """How conversions come late: `none`, or one of DELAYS."""
    mean_delay: float = 3.0
    """Mean days from a click to its conversion."""
    delay_spread: float = 0.0
    """Deviation of the logarithm of a category's mean delay."""
    log_days: float = 30.0
    """Days of the training part; conversions after them are not in its log."""
    seed: int = 1

    def __post_init__(self) -> None:
        problems = [
            f"--{name}: must be {rule}, got {getattr(self, name)}"
            for name, rule, holds in _RULES
            if not holds(getattr(self, name))
        ]
        if problems:
            raise UserError("\n".join(problems))

    def in_effect(self) -> Dict[str, Any]:
        """The settings by name; those of delays only where there are any."""
        found = asdict(self)
        if self.delay == "none":
            for name in ("delay", "mean_delay", "delay_spread", "log_days"):
                del found[name]
        return found

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


def _above_zero(high: float) -> Callable[[float], bool]:
    return lambda value: 0 < value <= high


_RULES: Tuple[Tuple[str, str, Callable[[Any], bool]], ...] = (
    ("rows", f"in [100, {MAX_ROWS}]", _within(100, MAX_ROWS)),
    ("test_share", "in (0, 1)", _inside(0, 1)),
    ("rho", "in [-1, 1]", _within(-1, 1)),
    ("kappa", f"in [0, {MAX_KAPPA:g}]", _within(0, MAX_KAPPA)),
    ("click_rate", "in (0, 1)", _inside(0, 1)),
    ("conv_rate", "in (0, 1), conversions per click", _inside(0, 1)),
    ("history_length", "in [0, 1000]", _within(0, 1000)),
    ("delay", f"none, {', '.join(DELAYS[:-1])} or {DELAYS[-1]}", ("none", *DELAYS).__contains__),
    ("mean_delay", "in (0, 10000] days", _above_zero(10_000)),
    ("delay_spread", "in [0, 3]", _within(0, 3)),
    ("log_days", "in (0, 10000]", _above_zero(10_000)),
    ("seed", "in [0, 2^63)", _within(0, 2**63 - 1)),
)
