"""Is the generator right? Against the planted properties and the facts of Ali-CCP."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from easy_esmm.aliccp.fields import BY_NAME, CROSS, FIELDS, HISTORIES, PROFILE
from easy_esmm.rank_statistics import weighted_auc
from easy_esmm.simulation.generator import Simulation, simulate
from easy_esmm.simulation.id_lists import IdLists
from easy_esmm.simulation.settings import MAX_ROWS, Settings
from easy_esmm.simulation.summary import describe

OTHER_SETTINGS = {
    "B": {"rho": 0.0},
    "C": {"rho": 0.7, "conv_rate": 0.01},
    "D": {"rho": 0.5, "kappa": 1.0},
    "E": {"rho": -0.5},
}


@cache
def _setting_a(seed: int) -> Simulation:
    return simulate(Settings(rows=300_000, test_share=0.2, seed=seed))


@cache
def _other(name: str) -> Simulation:
    return simulate(Settings(rows=100_000, seed=3, **OTHER_SETTINGS[name]))


def _bayes(p):
    return weighted_auc(p, p, 1 - p)


def _selection(truth):
    """Expected over redrawn clicks: mean true CVR weighted by pCTR, over the plain mean."""
    return np.average(truth.pcvr_do, weights=truth.pctr) / truth.pcvr_do.mean()


@pytest.mark.parametrize("seed", [1, 2])
def test_setting_a_has_its_optima_and_its_selection(seed):
    truth = _setting_a(seed).truth
    assert 0.78 <= _bayes(truth.pctr) <= 0.81
    assert 0.78 <= _bayes(truth.pcvr_do) <= 0.81
    assert 0.90 <= _bayes(truth.pctcvr) <= 0.94
    assert 2.0 <= _selection(truth) <= 2.8
    clicked = truth.click == 1
    drawn = truth.pcvr_do[clicked].mean() / truth.pcvr_do.mean()
    assert drawn == pytest.approx(_selection(truth), rel=0.06)
    assert truth.pcvr_do[~clicked].mean() < truth.pcvr_do.mean()


@pytest.mark.parametrize("seed", [1, 2])
def test_one_percent_of_the_items_takes_most_rows_and_the_test_part_has_cold_items(seed):
    simulation = _setting_a(seed)
    cut = simulation.settings.train_rows
    items = simulation.impressions.item
    counts = np.sort(np.unique(items, return_counts=True)[1])[::-1]
    assert 0.57 <= counts[: round(0.01 * len(counts))].sum() / len(items) <= 0.62
    cold = ~np.isin(items[cut:], items[:cut])
    assert 0.02 <= cold.mean() <= 0.08
    tail = describe(simulation)["long_tail"]
    assert tail["cold_row_share"] == pytest.approx(cold.mean())
    assert tail["cold_items"] == len(np.unique(items[cut:][cold]))


@pytest.mark.parametrize("seed", [1, 2])
def test_ids_attributes_crosses_and_histories_all_have_effects(seed):
    logits = _setting_a(seed).logits
    for shares in (logits.ctr_shares, logits.cvr_shares):
        assert sum(shares.values()) == pytest.approx(1)
        assert set(shares) == {"ids", "attributes", "histories", "crosses", "context"}
        for group in ("ids", "attributes", "histories", "crosses"):
            assert shares[group] > 0.05, group


@pytest.mark.parametrize(("name", "rho"), [("A", 0.7), ("B", 0.0), ("D", 0.5), ("E", -0.5)])
def test_the_two_logits_have_the_correlation_asked_for(name, rho):
    logits = (_setting_a(1) if name == "A" else _other(name)).logits
    assert np.corrcoef(logits.ctr, logits.cvr)[0, 1] == pytest.approx(rho, abs=1e-9)
    assert logits.ctr.std() == pytest.approx(logits.cvr.std())


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_correlation_of_one_makes_the_logits_equal_up_to_sign(sign):
    logits = simulate(Settings(rows=2000, rho=sign)).logits
    np.testing.assert_allclose(logits.cvr, sign * logits.ctr, atol=1e-12)


def test_the_other_settings_select_as_their_correlation_says():
    assert _selection(_other("B").truth) == pytest.approx(1.0, abs=0.1)
    assert _selection(_other("C").truth) > 2.0
    assert _selection(_other("E").truth) < 0.75
    assert _other("C").truth.pctcvr.mean() == pytest.approx(0.04 * 0.01, rel=1e-9)
    hidden = _other("D").truth
    assert hidden.pcvr_click.mean() > 1.2 * hidden.pcvr_do.mean()


def test_settings_of_one_seed_show_the_same_impressions():
    one, other = _other("B"), _other("D")
    np.testing.assert_array_equal(one.impressions.item, other.impressions.item)
    np.testing.assert_array_equal(one.impressions.user, other.impressions.user)
    np.testing.assert_array_equal(one.logits.ctr, other.logits.ctr)
    assert (one.truth.click != other.truth.click).any()


def test_another_seed_gives_other_impressions_and_effects():
    one, other = simulate(Settings(rows=2000, seed=1)), simulate(Settings(rows=2000, seed=2))
    assert (one.impressions.item != other.impressions.item).mean() > 0.5
    assert abs(np.corrcoef(one.logits.ctr, other.logits.ctr)[0, 1]) < 0.3


def test_a_users_rows_are_adjacent_and_some_tens():
    simulation = _setting_a(1)
    for part in ("train", "test"):
        first, last = simulation.bounds(part)
        user = simulation.impressions.user[first:last]
        runs = 1 + np.count_nonzero(np.diff(user))
        assert runs == len(np.unique(user))
        assert 30 <= (last - first) / runs <= 50
    train, test = (
        np.unique(simulation.impressions.user[slice(*simulation.bounds(part))])
        for part in ("train", "test")
    )
    assert np.isin(test, train).mean() == pytest.approx(0.7, abs=0.01)


def test_crosses_are_exactly_what_history_and_item_share():
    impressions = simulate(Settings(rows=3000, seed=5)).impressions
    catalogue = impressions.catalogue
    seen = 0
    for field in (field for field in FIELDS if field.owner == CROSS):
        history, cross = impressions.values[field.match[0]], impressions.values[field.name]
        for row in range(len(impressions.user)):
            user, item = impressions.user[row], impressions.item[row]
            past = slice(history.offsets[user], history.offsets[user + 1])
            weight_of = dict(zip(history.ids[past], history.weights[past]))
            if field.match[1] == "210":
                nodes = slice(catalogue.nodes.offsets[item], catalogue.nodes.offsets[item + 1])
                shown = list(catalogue.nodes.ids[nodes])
            else:
                shown = [catalogue.ids[field.match[1]][item]]
            own = slice(cross.offsets[row], cross.offsets[row + 1])
            expected = {node: weight_of[node] for node in shown if node in weight_of}
            assert dict(zip(cross.ids[own], cross.weights[own])) == expected
            seen += len(expected)
    assert seen > 2000


def test_histories_count_the_same_past_and_weigh_it_by_ln_of_one_plus_the_count():
    impressions = _setting_a(1).impressions
    totals = []
    for name in HISTORIES[:3]:
        history = impressions.values[name]
        counts = np.round(np.expm1(history.weights))
        np.testing.assert_allclose(np.log1p(counts), history.weights, atol=5.1e-6)
        assert counts.min() >= 1
        totals.append(np.bincount(history.owners, counts, minlength=len(history.lengths)))
    # a past of n behaviours has n categories, n shops and n brands, repeats counted
    np.testing.assert_array_equal(totals[0], totals[1])
    np.testing.assert_array_equal(totals[0], totals[2])
    assert totals[0].mean() == pytest.approx(8.0, rel=0.05)


def test_the_mean_history_length_is_a_knob_down_to_none():
    longer = simulate(Settings(rows=20_000, history_length=20.0)).impressions.values["110_14"]
    shorter = simulate(Settings(rows=20_000, history_length=5.0)).impressions.values["110_14"]
    assert longer.lengths.mean() > 2.5 * shorter.lengths.mean()
    without = simulate(Settings(rows=20_000, history_length=0.0))
    assert without.impressions.values["508"].lengths.sum() == 0
    assert without.logits.ctr_shares["crosses"] == 0
    assert without.truth.pctr.mean() == pytest.approx(0.04)


def test_profiles_are_missing_together_for_13_percent_of_the_users():
    values = _setting_a(1).impressions.values
    is_missing = values["121"] < 0
    assert is_missing.mean() == pytest.approx(0.13, abs=0.02)
    for name in PROFILE:
        np.testing.assert_array_equal(values[name] < 0, is_missing)
        assert values[name].max() == BY_NAME[name].size - 1
    assert 0 < (values["101"] < 0).mean() < 0.01


def test_a_profile_effect_is_visible_in_the_planted_rates():
    simulation = _setting_a(1)
    position = simulation.impressions.values["301"]
    means = [simulation.logits.ctr[position == place].mean() for place in range(3)]
    # 4 % of the variance of a logit of deviation 1.17: the means of the places differ by about .2
    assert np.ptp(means) > 0.1


def test_ids_stay_inside_their_fields_ranges_up_to_the_largest_simulation():
    firsts = sorted((field.first_id, field.name) for field in FIELDS)
    ends = {name: following for (_, name), (following, _) in zip(firsts, firsts[1:])}
    impressions = _setting_a(1).impressions
    # the catalogue grows with the rows
    growth = MAX_ROWS / 300_000
    for field in FIELDS:
        values = impressions.values[field.name]
        if isinstance(values, IdLists):
            largest = values.size * growth
        elif field.name in PROFILE or field.name == "301":
            largest = int(values.max())
        else:
            largest = (values.max() + 1) * growth
        assert field.first_id + largest < ends.get(field.name, 2**31), field.name
