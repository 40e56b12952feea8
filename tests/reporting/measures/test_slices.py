"""The values that are predicted worst."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from easy_esmm.reporting.measures.slices import bonferroni, worst_slices
from easy_esmm.reporting.measures.task_rows import Coded
from tests.reporting.measures.making import task


def coded(codes: np.ndarray, values: list) -> Coded:
    return Coded(codes.astype(np.uint16), values)


def test_a_slice_has_its_rates_and_the_root_of_its_deviance() -> None:
    rows = task(np.full(100, 0.1), [1] * 2 + [0] * 98)
    found = worst_slices(rows, {"shop": coded(np.ones(100), ["other", "a"])}, 5)
    (one,) = found.found
    assert (one.column, one.value, one.rows, one.events) == ("shop", "a", 100, 2)
    assert one.ratio == pytest.approx(0.1 / 0.02)
    # 2 observed, 10 expected of 100: 2 (2 ln(2 / 10) + 98 ln(98 / 90)) = 10.2542
    expected = 2 * (2 * np.log(0.2) + 98 * np.log(98 / 90))
    assert one.evidence == pytest.approx(-np.sqrt(expected))
    # Wilson's interval of 2 in 100 is (.0055, .0700)
    assert one.low == pytest.approx(0.1 / 0.0700, rel=0.01)
    assert one.high == pytest.approx(0.1 / 0.0055, rel=0.02)


def test_evidence_ranks_before_the_ratio() -> None:
    # "few" is 4 times too low on 60 rows, "many" only 1.5 times, on 6,000.
    codes = np.repeat([1, 2], [60, 6000])
    label = np.concatenate([np.arange(60) < 24, np.arange(6000) < 900])
    found = worst_slices(
        task(np.full(6060, 0.1), label), {"x": coded(codes, ["other", "few", "many"])}, 5
    )
    assert [one.value for one in found.found] == ["many", "few"]
    assert found.found[1].ratio < found.found[0].ratio < 1


def test_weights_of_two_tell_no_more_than_weights_of_one() -> None:
    column = {"x": coded(np.ones(200), ["other", "a"])}
    label = np.arange(200) < 40
    one = worst_slices(task(np.full(200, 0.1), label), column, 1).found[0]
    two = worst_slices(task(np.full(200, 0.1), label, np.full(200, 2)), column, 1).found[0]
    assert two.evidence == pytest.approx(one.evidence)


def test_values_with_too_few_expected_events_and_the_rest_are_not_looked_at() -> None:
    codes = np.repeat([0, 1, 2], [500, 40, 500])
    label = np.zeros(1040)
    found = worst_slices(
        task(np.full(1040, 0.1), label), {"x": coded(codes, ["other values", "rare", "a"])}, 9
    )
    assert [one.value for one in found.found] == ["a"]
    assert found.looks == 1
    assert found.found[0].ratio == np.inf
    assert found.found[0].high == np.inf


def test_the_bound_grows_with_the_looks_and_chance_stays_within_it() -> None:
    # Two-sided 5 % in one look, and .05 % in each of a hundred.
    assert bonferroni(1) == pytest.approx(1.959964, abs=1e-6)
    assert bonferroni(100) == pytest.approx(NormalDist().inv_cdf(1 - 0.00025))
    random = np.random.default_rng(5)
    beyond = 0
    for _ in range(40):
        predicted = random.beta(1, 9, 8000)
        columns = {"x": coded(random.integers(1, 81, 8000), ["other", *map(str, range(80))])}
        found = worst_slices(task(predicted, random.random(8000) < predicted), columns, 1)
        assert found.looks == 80
        beyond += abs(found.found[0].evidence) > found.bound
    assert beyond <= 6  # 2 expected of 40
