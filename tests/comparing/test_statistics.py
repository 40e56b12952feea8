"""Means, spreads and paired differences, by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from easy_esmm.comparing.statistics import interval, paired_difference, spread

ROOT = Path(__file__).resolve().parents[2]


def test_spread_is_the_mean_and_the_deviation_with_n_minus_1() -> None:
    # mean of 1, 2, 6: 3; squares of the distances: 4 + 1 + 9 = 14; / 2 = 7
    found = spread([1.0, 2.0, 6.0])
    assert (found.count, found.mean) == (3, 3.0)
    assert found.deviation == pytest.approx(math.sqrt(7), abs=1e-15)


def test_one_value_has_no_spread_and_none_has_no_mean() -> None:
    assert spread([0.5]).mean == 0.5
    assert math.isnan(spread([0.5]).deviation)
    assert math.isnan(spread([]).mean)


def test_what_was_not_measured_is_left_out() -> None:
    assert spread([1.0, math.nan, 3.0]) == spread([1.0, 3.0])


@pytest.mark.parametrize(
    ("runs", "quantile"),
    # Student's t with runs - 1 degrees, two-sided 95 %; two and three runs: in closed form
    [
        (2, math.tan(math.pi * 0.475)),
        (3, 0.95 / math.sqrt(2 * 0.975 * 0.025)),
        (4, 3.182446305284),
        (5, 2.776445105198),
        (10, 2.262157162740),
        (31, 2.042272456301),
        (121, 1.979930405052),
    ],
)
def test_half_the_interval_is_student_s_quantile_times_the_error(
    runs: int, quantile: float
) -> None:
    found = interval([math.sin(run) for run in range(runs)])
    assert found.half_width / found.standard_error == pytest.approx(quantile, abs=1e-9)


def test_without_scipy_a_line_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['scipy'] = None; import easy_esmm.compare as compare\n"
    code += "compare.flags.run(compare.main, compare.FLAGS, '')"
    done = subprocess.run(
        [sys.executable, "-c", code, "--configs=samples/esmm.config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    line = "compare needs SciPy, which is absent: pip install 'easy_esmm[compare]'\n"
    assert (done.returncode, done.stderr) == (2, line)


def test_paired_difference_takes_only_seeds_that_both_have() -> None:
    values = {0: 0.70, 1: 0.72, 2: 0.77, 9: 0.99}
    reference = {0: 0.69, 1: 0.69, 2: 0.72, 5: 0.10}
    # differences .01, .03, .05: mean .03, deviation .02, error .02 / sqrt(3), t of 2 degrees 4.3027
    found = paired_difference(values, reference)
    half = 4.302653 * 0.02 / math.sqrt(3)
    assert found.count == 3
    assert found.mean == pytest.approx(0.03, abs=1e-12)
    assert found.standard_error == pytest.approx(0.02 / math.sqrt(3), abs=1e-12)
    assert found.low == pytest.approx(0.03 - half, abs=1e-7)
    assert found.high == pytest.approx(0.03 + half, abs=1e-7)
    assert found.half_width == pytest.approx(half, abs=1e-7)
    assert found.is_noise  # .03 +- .0497


def test_pairs_see_what_the_spread_over_seeds_hides() -> None:
    # the seeds differ by .1, the models by .010, .011, .012 in the same direction
    reference = {0: 0.6, 1: 0.7, 2: 0.8}
    values = {0: 0.610, 1: 0.711, 2: 0.812}
    found = paired_difference(values, reference)
    assert spread(list(values.values())).deviation > 0.1
    assert not found.is_noise
    assert found.low > 0.008


def test_an_interval_that_ends_at_0_is_noise_and_one_pair_says_nothing() -> None:
    assert interval([0.0, 0.0]).is_noise
    assert interval([0.3]).is_noise
    assert not interval([0.3]).is_known
    assert not interval([-0.3, -0.3001]).is_noise
