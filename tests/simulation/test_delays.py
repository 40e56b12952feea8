"""Simulated conversions that come late."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from easy_esmm.comparing.simulated import parse_settings
from easy_esmm.errors import UserError
from easy_esmm.simulation.delays import DAY, NEVER, START
from easy_esmm.simulation.generator import Simulation, simulate
from easy_esmm.simulation.settings import DELAYS, Settings
from easy_esmm.simulation.summary import describe, format_summary
from easy_esmm.simulation.writing import write_simulation

ROWS = {"rows": 40_000, "click_rate": 0.5, "conv_rate": 0.5, "history_length": 1, "seed": 3}


def simulated(delay: str, **settings: float) -> Simulation:
    return simulate(Settings(delay=delay, **{**ROWS, **settings}))  # type: ignore[arg-type]


def delays_in_days(simulation: Simulation) -> np.ndarray:
    """Of the test part, whose conversions have all come."""
    first, last = simulation.bounds("test")
    conversion, click = (
        getattr(simulation.delays, name)[first:last] for name in ("conversion_time", "click_time")
    )
    return (conversion - click)[conversion != NEVER] / DAY


@pytest.mark.parametrize(
    ("delay", "median"),
    [
        ("exponential", 4 * np.log(2)),
        ("lognormal", 4 * np.exp(-(1.5**2) / 2)),
        ("weibull", 2 * np.log(2) ** 2),
    ],
)
def test_delays_have_the_median_of_their_distribution_of_mean_four(
    delay: str, median: float
) -> None:
    found = delays_in_days(simulated(delay, mean_delay=4.0))
    assert len(found) > 2000
    assert np.median(found) == pytest.approx(median, rel=0.15)


def test_a_log_holds_the_conversions_before_its_cut() -> None:
    simulation = simulated("exponential", mean_delay=5.0, log_days=20.0)
    delays, (first, cut) = simulation.delays, simulation.bounds("train")
    end = START + 20 * DAY
    assert delays is not None
    click, conversion = delays.click_time[first:cut], delays.conversion_time[first:cut]
    is_observed = delays.observed[first:cut] == 1
    assert START <= click.min() < click.max() < end
    assert np.all(delays.observed_until[first:cut] == end)
    assert np.all((conversion != NEVER) == is_observed)
    assert np.all(conversion[is_observed] > click[is_observed])
    assert conversion.max() <= end
    eventual = simulation.truth.conversion[first:cut]
    assert np.all(is_observed <= (eventual == 1))
    # Of delays of mean m over T days 1 - m / T (1 - e^(-T / m)) have come.
    expected = 1 - 5 / 20 * (1 - np.exp(-20 / 5))
    assert is_observed.sum() / eventual.sum() == pytest.approx(expected, abs=0.02)
    np.testing.assert_array_equal(delays.observed[cut:], simulation.truth.conversion[cut:])
    assert delays.click_time[cut:].min() >= end
    assert np.all(delays.observed_until[cut:] >= delays.conversion_time[cut:])


def test_categories_differ_in_their_mean_delay_where_a_spread_is_asked_for() -> None:
    def deviation(spread: float) -> float:
        simulation = simulated("exponential", mean_delay=4.0, delay_spread=spread)
        first, last = simulation.bounds("test")
        category = simulation.impressions.catalogue.ids["206"][simulation.impressions.item]
        converted = simulation.truth.conversion[first:last] == 1
        days = pd.Series(delays_in_days(simulation))
        groups = days.groupby(category[first:last][converted])
        means = groups.mean()[groups.size() > 30]
        return float(np.log(means).std())

    assert deviation(0.0) < 0.3
    assert deviation(1.0) > 0.6


def test_delays_leave_everything_else_as_it_is() -> None:
    late, early = simulated("weibull"), simulated("none")
    assert early.delays is None
    np.testing.assert_array_equal(late.truth.conversion, early.truth.conversion)
    np.testing.assert_array_equal(late.impressions.item, early.impressions.item)


def test_the_files_hold_both_labels_and_the_times(tmp_path: Path) -> None:
    simulation = simulated("exponential", rows=2000)
    summary = describe(simulation)
    write_simulation(simulation, summary, tmp_path / "data")
    table = pq.read_table(tmp_path / "data/train/part-0000.parquet").to_pandas()
    text = pd.read_csv(tmp_path / "data/train/part-0000.csv")
    cut, delays = simulation.settings.train_rows, simulation.delays
    assert delays is not None
    for frame in (table, text):
        np.testing.assert_array_equal(frame["conversion"], delays.observed[:cut])
        np.testing.assert_array_equal(
            frame["eventual_conversion"], simulation.truth.conversion[:cut]
        )
        np.testing.assert_array_equal(frame["click_time"], delays.click_time[:cut])
        np.testing.assert_array_equal(frame["observed_until"], delays.observed_until[:cut])
        times = frame["conversion_time"].fillna(NEVER).astype(np.int64)
        np.testing.assert_array_equal(times, delays.conversion_time[:cut])
    share = delays.observed[:cut].sum() / simulation.truth.conversion[:cut].sum()
    assert summary["delays"]["observed_share"] == pytest.approx(share)
    assert f"({share:.1%})" in format_summary(summary, [])


def test_without_delays_their_settings_are_not_told() -> None:
    assert set(Settings().in_effect()) == {
        *("rows", "test_share", "rho", "kappa", "click_rate", "conv_rate", "history_length", "seed")
    }
    assert Settings(delay="weibull").in_effect()["mean_delay"] == 3.0


def test_the_raw_format_has_no_columns_for_times(tmp_path: Path) -> None:
    simulation = simulated("exponential", rows=500)
    with pytest.raises(UserError, match="--delay: must be none for --format raw"):
        write_simulation(simulation, {}, tmp_path / "data", ["raw"])


def test_a_comparison_sets_delays_by_name() -> None:
    settings = parse_settings("delay=lognormal,mean_delay=7,log_days=14")
    assert (settings.delay, settings.mean_delay, settings.log_days) == ("lognormal", 7.0, 14.0)
    assert set(DELAYS) == {"exponential", "lognormal", "weibull"}
    rule = "--simulate: delay: must be none, exponential, lognormal or weibull, got normal"
    with pytest.raises(UserError, match=rule):
        parse_settings("delay=normal")
    with pytest.raises(UserError, match="--simulate: mean_delay: must be in"):
        parse_settings("delay=weibull,mean_delay=0")
