"""AUC and its standard error, over all rows or inside groups of rows; numpy, float64, exact ranks.

The metrics, the comparison with planted truth and the report read this. A tie counts one half.
Weights are importance weights: weight 0 leaves a row out, a common factor changes nothing. Our own
code, since SciPy's rank statistics know no weights, and scikit-learn's AUC no standard error.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def weighted_auc(score: Array, positive: Array, negative: Array) -> float:
    """Probability that a positive outranks a negative.

    Each row enters as a positive of weight `positive` and as a negative of weight `negative`, both
    [rows] and >= 0: labels as 0 and 1, or probabilities p and 1 - p. NaN if either weighs nothing
    in total or if a score is NaN.
    """
    return auc_from_sums(sums_by_score(score, positive, negative))[0]


def auc_with_error(
    score: Array, label: Array, weight: Optional[Array] = None
) -> Tuple[float, float]:
    """AUC of `score` against `label` > 0, and its standard error; see `auc_from_sums`.

    Rows count as independent; adjacent rows of one user are not quite.
    """
    is_positive = np.asarray(label) > 0
    weights = np.ones(len(is_positive)) if weight is None else np.asarray(weight, np.float64)
    return auc_from_sums(sums_by_score(score, weights * is_positive, weights * ~is_positive))


def sums_by_score(score: Array, positive: Array, negative: Array) -> Array:
    """Float64 [distinct scores, 4], by ascending score; one row of NaN if a score is NaN.

    Columns: sum of the weights of the positives, of the negatives, sum of the squared weights of
    the positives, of the negatives.
    """
    score = np.asarray(score)
    if not len(score) or np.isnan(score).any():
        return np.full((1, 4), np.nan)
    order = np.argsort(score)
    score = score.take(order)
    starts = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    sums = np.empty((len(starts), 4))
    for column, part in enumerate((positive, negative)):
        weight = np.asarray(part, np.float64).take(order)
        square = weight * weight
        sums[:, column] = np.add.reduceat(weight, starts)
        # Rows without weights, the usual case, need no second sum: a third of the time.
        is_same = np.array_equal(square, weight)
        sums[:, column + 2] = sums[:, column] if is_same else np.add.reduceat(square, starts)
    return sums


def auc_from_sums(sums: Array) -> Tuple[float, float]:
    """AUC and DeLong's standard error from what `sums_by_score` returns.

    NaN without weight in either class; the error also with fewer than two rows of either class.

    A positive's placement is the share of negatives below it, a negative's the share of positives
    above it. The AUC is the mean placement, its variance the sum over both classes of
    (variance of the placements) / n (DeLong, DeLong and Clarke-Pearson, Biometrics 1988, equations
    3 - 5). With weights w the mean is weighted, and the variance of a weighted mean is
    sum w^2 (x - mean)^2 / (sum w)^2, corrected by n / (n - 1) with the effective number
    n = (sum w)^2 / sum w^2: DeLong's own with equal weights, whatever their size.
    """
    positive, negative, positive_square, negative_square = sums.T
    positives, negatives = positive.sum(), negative.sum()
    if not (negatives > 0 and positives > 0):
        return np.nan, np.nan
    below = (np.cumsum(negative) - negative / 2) / negatives
    above = 1.0 - (np.cumsum(positive) - positive / 2) / positives
    area = float(positive @ below / positives)
    variance = _variance_of_mean(below, area, positives, positive_square) + _variance_of_mean(
        above, area, negatives, negative_square
    )
    return area, float(np.sqrt(variance))


def auc_difference(score: Array, other: Array, label: Array, weight: Array) -> Tuple[float, float]:
    """AUC of `score` minus AUC of `other` on the same rows, and its standard error.

    The error is that of the paired difference, DeLong's for two correlated curves: from the
    variances of the differences of both classes' placements. NaN as in `auc_from_sums`.
    """
    is_positive = np.asarray(label) > 0
    weight = np.asarray(weight, np.float64)
    positive, negative = weight * is_positive, weight * ~is_positive
    if not (positive.sum() > 0 and negative.sum() > 0):
        return np.nan, np.nan
    below, above = (
        one - two
        for one, two in zip(
            _placements(score, positive, negative), _placements(other, positive, negative)
        )
    )
    difference = float(positive @ below / positive.sum())
    variance = _variance_of_mean(
        below, difference, positive.sum(), positive**2
    ) + _variance_of_mean(above, difference, negative.sum(), negative**2)
    return difference, float(np.sqrt(variance))


def auc_by_group(group: Array, score: Array, is_positive: Array) -> Tuple[Array, Array, Array]:
    """(AUC, rows, positives) of each group that has both classes, without weights.

    From the mean rank of the positives: AUC = (their rank sum - n1 (n1 + 1) / 2) / (n1 n0).
    """
    if not len(group):
        return np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.lexsort((score, group))
    group, score, is_positive = group[order], score[order], is_positive[order]
    is_new_group = np.append(True, group[1:] != group[:-1])
    is_new_score = is_new_group | np.append(True, score[1:] != score[:-1])
    group_start = np.flatnonzero(is_new_group)
    tie_start = np.flatnonzero(is_new_score)
    # Within a tie all rows get its middle rank; ranks count from 1 inside the group.
    tie_end = np.append(tie_start[1:], len(group))
    middle = (tie_start + tie_end + 1) / 2.0
    rank = middle[np.cumsum(is_new_score) - 1] - group_start[np.cumsum(is_new_group) - 1]
    rows = np.diff(np.append(group_start, len(group)))
    positives = np.add.reduceat(is_positive.astype(np.int64), group_start)
    rank_sum = np.add.reduceat(np.where(is_positive, rank, 0.0), group_start)
    has_both = (positives > 0) & (positives < rows)
    rows, positives, rank_sum = rows[has_both], positives[has_both], rank_sum[has_both]
    pairs = positives * (rows - positives)
    return (rank_sum - positives * (positives + 1) / 2.0) / pairs, rows, positives


def _placements(score: Array, positive: Array, negative: Array) -> Tuple[Array, Array]:
    """Of each row the share of negatives below it, and of positives above it; float64 [rows]."""
    values, place = np.unique(score, return_inverse=True)
    of_positives = np.bincount(place, positive, len(values))
    of_negatives = np.bincount(place, negative, len(values))
    below = (np.cumsum(of_negatives) - of_negatives / 2) / of_negatives.sum()
    above = 1.0 - (np.cumsum(of_positives) - of_positives / 2) / of_positives.sum()
    return below[place], above[place]


def _variance_of_mean(placement: Array, area: float, weight: float, square: Array) -> float:
    # sum w^2 (x - mean)^2 / W^2 x n / (n - 1) with n = W^2 / S has the divisor W^2 - S.
    freedom = weight**2 - square.sum()
    if not freedom > 1e-9 * weight**2:
        return np.nan
    return float(square @ (placement - area) ** 2 / freedom)
