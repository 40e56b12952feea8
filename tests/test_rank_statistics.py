"""AUC and its standard error against all pairs, and against SciPy's Mann-Whitney U."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from easy_esmm.rank_statistics import (
    auc_by_group,
    auc_difference,
    auc_with_error,
    weighted_auc,
)

LEVELS = st.integers(-3, 3)
"""Few enough for ties."""
WEIGHTS = st.sampled_from([0.0, 0.25, 1.0, 3.0])


def pairwise_auc(score: Any, positive: Any, negative: Any) -> float:
    """Sum over all pairs of positive_i * negative_j * [s_i > s_j, or 1/2 if equal]."""
    wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    return float(positive @ wins @ negative / (positive.sum() * negative.sum()))


def standard_error(score: Any, label: Any, weight: Any = None) -> float:
    return auc_with_error(score, label, weight)[1]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LEVELS, WEIGHTS, WEIGHTS), min_size=1, max_size=40))
def test_auc_is_the_weighted_share_of_ordered_pairs(cases: Any) -> None:
    score, positive, negative = (np.array(part, np.float64) for part in zip(*cases))
    found = weighted_auc(score, positive, negative)
    if positive.sum() == 0 or negative.sum() == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(pairwise_auc(score, positive, negative), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LEVELS, st.booleans()), min_size=2, max_size=60))
def test_auc_is_mann_whitney_s_u_over_the_pairs(cases: Any) -> None:
    score, label = (np.array(part) for part in zip(*cases))
    positives, negatives = score[label], score[~label]
    area, _ = auc_with_error(score, label)
    if len(positives) == 0 or len(negatives) == 0:
        assert np.isnan(area)
        return
    u = mannwhitneyu(positives, negatives, method="asymptotic").statistic
    assert area == pytest.approx(u / (len(positives) * len(negatives)), abs=1e-12)
    (of_group,), _, _ = auc_by_group(np.zeros(len(score)), score, label)
    assert of_group == pytest.approx(area, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LEVELS, st.booleans(), st.integers(0, 3)), min_size=2, max_size=40))
def test_auc_of_whole_weights_is_that_of_repeated_rows(cases: Any) -> None:
    score, label, weight = (np.array(part) for part in zip(*cases))
    repeated = np.repeat(score, weight), np.repeat(label, weight)
    expected = auc_with_error(*repeated)[0]
    assert auc_with_error(score, label, weight)[0] == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


def test_auc_by_hand_counts_a_tie_one_half():
    # pairs (positive, negative): (.2, .1) won, (.2, .2) tied, (.9, .1) and (.9, .2) won: 3.5 of 4
    auc = weighted_auc(np.array([0.1, 0.2, 0.2, 0.9]), [0, 0, 1, 1], [1, 1, 0, 0])
    assert auc == 3.5 / 4


@pytest.mark.parametrize("levels", [2, 7, 1000])
def test_auc_of_probabilities_as_weights_is_the_share_of_ordered_pairs(levels):
    random = np.random.default_rng(levels)
    score = random.integers(0, levels, 300) / levels
    positive, negative = random.random(300), random.random(300) ** 3
    expected = pairwise_auc(score, positive, negative)
    assert weighted_auc(score, positive, negative) == pytest.approx(expected, abs=1e-13)


def test_auc_of_a_constant_score_is_one_half_and_of_the_reverse_the_complement():
    random = np.random.default_rng(3)
    score, p = random.normal(size=500), random.random(500)
    assert weighted_auc(np.zeros(500), p, 1 - p) == pytest.approx(0.5, abs=1e-14)
    forward = weighted_auc(score, p, 1 - p)
    assert weighted_auc(-score, p, 1 - p) == pytest.approx(1 - forward, abs=1e-13)


def test_auc_is_exact_at_rates_of_one_in_a_million():
    # one positive above all but one of a million negatives
    score = np.arange(1_000_001, dtype=np.float64)
    label = np.zeros(1_000_001)
    label[-2] = 1
    assert weighted_auc(score, label, 1 - label) == pytest.approx(1 - 1e-6, abs=1e-15)


def test_auc_without_a_class_or_with_a_nan_score_is_nan():
    assert np.isnan(weighted_auc(np.array([0.1, 0.2]), [1, 1], [0, 0]))
    assert np.isnan(weighted_auc(np.array([0.1, 0.2]), [0, 0], [1, 1]))
    assert np.isnan(weighted_auc(np.array([np.nan, 0.2]), [1, 0], [0, 1]))
    assert np.isnan(weighted_auc(np.array([]), [], []))


def test_no_score_ranks_better_than_the_probability_itself():
    random = np.random.default_rng(4)
    logit = random.normal(-3, 1.2, 2000)
    p = 1 / (1 + np.exp(-logit))
    optimum = weighted_auc(p, p, 1 - p)
    for noise in (0.01, 0.1, 1.0):
        assert weighted_auc(logit + noise * random.normal(size=2000), p, 1 - p) < optimum


def test_standard_error_is_delongs_over_all_pairs():
    random = np.random.default_rng(5)
    label = random.random(400) < 0.2
    score = np.round(random.normal(size=400) + label, 1)  # rounded: with ties
    wins = (score[label][:, None] > score[~label]) + 0.5 * (score[label][:, None] == score[~label])
    variance = wins.mean(1).var(ddof=1) / label.sum() + wins.mean(0).var(ddof=1) / (~label).sum()
    assert standard_error(score, label) == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_standard_error_is_the_spread_of_the_auc_over_repeated_samples():
    random = np.random.default_rng(6)
    aucs, errors = [], []
    for _ in range(400):
        label = np.repeat([1, 0], [40, 300])
        score = random.normal(size=340) + label
        aucs.append(weighted_auc(score, label, 1 - label))
        errors.append(standard_error(score, label))
    # the deviation of 400 values is known to 3.5 %
    assert np.mean(errors) == pytest.approx(np.std(aucs), rel=0.12)


def test_standard_error_with_weight_zero_leaves_rows_out_and_ignores_a_common_factor():
    random = np.random.default_rng(7)
    label, score = random.integers(0, 2, 200), random.normal(size=200)
    keep = random.random(200) < 0.6
    expected = standard_error(score[keep], label[keep])
    assert standard_error(score, label, keep) == pytest.approx(expected, rel=1e-12)
    assert standard_error(score, label, 5.0 * keep) == pytest.approx(expected, rel=1e-12)


def test_standard_error_of_a_single_positive_is_nan():
    assert np.isnan(standard_error(np.array([0.1, 0.2, 0.3]), np.array([1, 0, 0])))
    assert np.isnan(standard_error(np.array([0.1, 0.2]), np.array([0, 0])))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(-3, 3), st.booleans()), min_size=1, max_size=60
    )
)
def test_each_group_s_auc_is_its_rank_statistic(cases: Any) -> None:
    group, score, label = (np.array(part) for part in zip(*cases))
    expected = []
    for number in np.unique(group):
        inside = group == number
        if label[inside].any() and not label[inside].all():
            area = auc_with_error(score[inside], label[inside])[0]
            expected.append((area, inside.sum(), label[inside].sum()))
    areas = list(zip(*auc_by_group(group, score.astype(np.float32), label)))
    np.testing.assert_allclose(areas, expected, atol=1e-12)


def test_a_million_rows_take_a_second_or_two() -> None:
    generator = np.random.default_rng(0)
    user = generator.integers(0, 20_000, 1_000_000)
    score = generator.normal(size=1_000_000).astype(np.float32)
    label = generator.random(1_000_000) < 0.05
    start = time.process_time()
    area, count, _ = auc_by_group(user, score, label)
    assert time.process_time() - start < 10  # 0.3 s on a quiet machine
    # 20,000 groups of 50 rows; without any signal their mean is one half within 5 errors.
    assert np.average(area, weights=count) == pytest.approx(0.5, abs=5 * 0.19 / np.sqrt(len(area)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(LEVELS, LEVELS, st.booleans(), st.sampled_from([0.5, 1.0, 2.0])),
        min_size=4,
        max_size=40,
    )
)
def test_a_difference_of_aucs_has_the_error_of_its_placements(cases: Any) -> None:
    one, two, label, weight = (np.array(part, np.float64) for part in zip(*cases))
    found, error = auc_difference(one, two, label, weight)
    inside = label > 0
    if inside.all() or not inside.any():
        assert np.isnan(found)
        return
    w, v = weight[inside], weight[~inside]
    wins = [
        (s[inside, None] > s[~inside]) + 0.5 * (s[inside, None] == s[~inside]) for s in (one, two)
    ]
    gain = wins[0] - wins[1]
    assert found == pytest.approx(w @ gain @ v / (w.sum() * v.sum()), abs=1e-12)
    of_positives, of_negatives = gain @ v / v.sum(), w @ gain / w.sum()
    variance = 0.0
    for placement, weights in ((of_positives, w), (of_negatives, v)):
        if len(placement) < 2:
            assert np.isnan(error)
            return
        freedom = weights.sum() ** 2 - (weights**2).sum()
        variance += (weights**2 * (placement - found) ** 2).sum() / freedom
    assert error == pytest.approx(np.sqrt(variance), abs=1e-12)


def test_the_error_of_a_difference_is_that_of_repeated_samples() -> None:
    random = np.random.default_rng(5)
    differences, errors = [], []
    for _ in range(400):
        label = random.random(300) < 0.3
        signal = label + random.normal(size=300)
        one, two = (signal + random.normal(scale=s, size=300) for s in (0.5, 1.0))
        found = auc_difference(one, two, label, np.ones(300))
        differences.append(found[0])
        errors.append(found[1])
    assert np.std(differences) == pytest.approx(np.mean(errors), rel=0.1)
