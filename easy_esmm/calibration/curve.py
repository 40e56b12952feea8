"""A strictly increasing curve over logits: the form of every calibration, whatever its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LARGEST = 1e9
"""Of knots, values, slopes and shifts: with more a calibrated logit would leave float32."""
SMALLEST_SLOPE = 0.01
"""Of every curve: rows keep their order, and float32 tells their logits apart."""


NARROWEST = 1e-12
"""Between two knots; the coefficients of a piece divide by its square."""


@dataclass(frozen=True)
class Curve:
    """A piecewise cubic over logits with a continuous slope, and straight beyond its ends.

    Through `values` at the `knots`, with the slopes there (cubic Hermite interpolation). With one
    knot it is a straight line: Platt's calibration.
    """

    knots: Tuple[float, ...]
    """Ascending; at least one."""
    values: Tuple[float, ...]
    """Calibrated logits at the knots, ascending."""
    slopes: Tuple[float, ...]
    """Positive."""

    def __call__(self, logit: Any) -> Array:
        """Calibrated logits, float64, of the same shape."""
        logit = np.asarray(logit, np.float64)
        pieces = self.pieces()[np.searchsorted(self.knots, logit, side="right")]
        start, value, first, second, third = np.moveaxis(pieces, -1, 0)
        step = logit - start
        return np.asarray(value + step * (first + step * (second + step * third)))

    def pieces(self) -> Array:
        """The polynomial of each piece, float64 [knots + 1, 5].

        Its start, its value there, and the coefficients 1 - 3 of logit minus start. The number of
        a logit's piece is the number of knots up to it.
        """
        knots, values, slopes = (
            np.asarray(part, np.float64) for part in (self.knots, self.values, self.slopes)
        )
        width = np.diff(knots)
        secant = np.diff(values) / width
        inner = [
            knots[:-1],
            values[:-1],
            slopes[:-1],
            (3.0 * secant - 2.0 * slopes[:-1] - slopes[1:]) / width,
            (slopes[:-1] + slopes[1:] - 2.0 * secant) / width**2,
        ]
        ends = np.array([knots, values, slopes, 0.0 * knots, 0.0 * knots])
        return np.asarray(np.concatenate([ends[:, :1], np.array(inner), ends[:, -1:]], axis=1).T)

    def shifted(self, by: float) -> Curve:
        """The curve, `by` higher everywhere."""
        return Curve(self.knots, tuple(value + by for value in self.values), self.slopes)

    @property
    def is_identity(self) -> bool:
        """Whether every logit stays as it is."""
        return self.knots == self.values and all(slope == 1.0 for slope in self.slopes)

    def problem(self) -> str:
        """Why this is no strictly increasing curve; empty if it is one.

        Between two knots a cubic Hermite rises everywhere if both slopes are at most three times
        the slope of the chord (Fritsch and Carlson, SIAM J. Numer. Anal. 1980).
        """
        sizes = {len(self.knots), len(self.values), len(self.slopes)}
        if len(sizes) != 1 or sizes == {0}:
            return "knots, values and slopes must be lists of one length, at least 1"
        numbers = np.array([self.knots, self.values, self.slopes], np.float64)
        if not np.isfinite(numbers).all():
            return "must hold finite numbers"
        if (np.abs(numbers) > LARGEST).any():
            return f"must hold numbers of at most {LARGEST:,.0f}"
        if not (np.diff(numbers[0]) > 0).all():
            return "knots must ascend"
        if not (numbers[2] > 0).all():
            return "slopes must be above 0"
        if (np.diff(numbers[0]) < NARROWEST).any():
            return f"knots must be {NARROWEST} apart"
        chord = np.diff(numbers[1]) / np.diff(numbers[0])
        steepest = np.maximum(numbers[2, :-1], numbers[2, 1:])
        if not (steepest <= 3.0 * chord * (1.0 + 1e-9)).all():
            return "must rise between its knots: slopes at most three times those of the chords"
        return ""
