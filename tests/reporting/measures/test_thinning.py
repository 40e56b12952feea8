"""Long series from few points."""

from __future__ import annotations

import pytest

from easy_esmm.reporting.measures.thinning import thinned


def test_neighbours_are_averaged_and_what_is_no_number_is_left_out() -> None:
    series = [(0, 1.0), (10, 3.0), (20, float("nan")), (30, 5.0), (40, 7.0), (50, 2.0)]
    points, every = thinned(series, 3)
    assert every == 2
    assert points == [(5, 2.0), (35, 6.0), (50, 2.0)]
    assert thinned(series, 100)[0] == [(0, 1), (10, 3), (30, 5), (40, 7), (50, 2)]
    assert thinned([(1, float("inf"))], 10) == ([], 1)
    assert len(thinned([(k, float(k)) for k in range(1001)], 100)[0]) == pytest.approx(91)
