"""The raw files of a simulation: their grammar, and each quirk by itself."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from easy_esmm.aliccp.fields import BY_NAME, PROFILE
from easy_esmm.errors import UserError
from easy_esmm.simulation import quirks
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.raw_writing import write_raw
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import write_simulation
from tests.aliccp import slow_conversion as slow


@pytest.fixture(scope="module")
def simulation():
    return simulate(Settings(rows=4000, click_rate=0.2, conv_rate=0.2, seed=8))


class Raw:
    """The raw files of a simulation with some quirks, read slowly."""

    def __init__(self, simulation, folder, text):
        self.paths, self.truth = write_raw(simulation, folder, quirks.parse(text))
        self.skeleton, self.common, _, _ = (path.read_bytes() for path in self.paths)
        self.rows = [slow.skeleton_row(line) for line in slow.lines_of(self.paths[0])]
        self.users = [slow.common_row(line) for line in slow.lines_of(self.paths[1])]
        self.kept, self.counts = slow.convert(*self.paths[:2])


@pytest.fixture(scope="module")
def plain(simulation, tmp_path_factory):
    return Raw(simulation, tmp_path_factory.mktemp("raw"), "none")


@pytest.fixture
def quirky(simulation, tmp_path):
    return lambda text: Raw(simulation, tmp_path, text)


def test_there_are_four_files_with_the_official_names(plain):
    assert [path.name for path in plain.paths] == [
        "sample_skeleton_train.csv",
        "common_features_train.csv",
        "sample_skeleton_test.csv",
        "common_features_test.csv",
    ]


def test_without_quirks_every_line_is_kept_and_joins(simulation, plain):
    assert sum(plain.counts.values()) == 0
    truth = simulation.truth_of("train")
    assert [row["sample_id"] for row in plain.kept] == truth.sample_id.tolist()
    assert [row["click"] for row in plain.kept] == truth.click.tolist()
    assert [row["conversion"] for row in plain.kept] == truth.conversion.tolist()
    assert b"\r" not in plain.skeleton
    assert plain.skeleton.endswith(b"\n")


def test_a_line_holds_what_the_impression_holds(simulation, plain):
    impressions = simulation.impressions
    for row in range(0, 3000, 97):
        kept, user, item = plain.kept[row], impressions.user[row], impressions.item[row]
        assert kept["205"] == [(BY_NAME["205"].first_id + item, 1.0)]
        for name, owner in (("110_14", user), ("853", row)):
            lists = impressions.values[name]
            own = slice(lists.offsets[owner], lists.offsets[owner + 1])
            wanted = zip(lists.ids[own] + BY_NAME[name].first_id, lists.weights[own])
            assert kept[name] == [(i, pytest.approx(w, abs=1e-6)) for i, w in wanted]
        for name in ("101", *PROFILE):
            value = impressions.values[name][user]
            assert kept[name] == ([(BY_NAME[name].first_id + value, 1.0)] if value >= 0 else [])


def test_features_stand_in_the_order_of_the_fields_unless_shuffled(plain, quirky):
    def first_fields(text):
        lists = (line.split(b",")[-1] for line in text.split(b"\n") if line)
        return Counter(features.split(b"\x02")[0] for features in lists)

    assert first_fields(plain.skeleton).keys() == {b"205"}
    shuffled = quirky("shuffled")
    assert len(first_fields(shuffled.skeleton)) > 5
    assert [sorted(row["210"]) for row in shuffled.kept] == [row["210"] for row in plain.kept]


def test_profiles_and_item_fields_are_missing_one_by_one(plain, quirky):
    odd = quirky("missing")
    for name in ("205", "206", "207", "210"):
        assert sum(not row[name] for row in odd.rows) == quirks.AT_LEAST
        assert all(row[name] for row in plain.rows)
    partly = [
        1 <= sum(not features[name] for name in PROFILE) < len(PROFILE) for _, features in odd.users
    ]
    # eight fields, each missing with .05: 1 - .95^8 = .34 of the 87 % that have a profile
    assert np.mean(partly) == pytest.approx(0.3, abs=0.12)


def test_a_tenth_of_the_users_has_two_keys(plain, quirky):
    odd = quirky("keys")
    more = len(odd.users) - len(plain.users)
    assert more == pytest.approx(0.1 * len(plain.users), abs=8)
    per_user = Counter(str(features["101"]) for _, features in odd.users if features["101"])
    assert max(per_user.values()) == 2
    assert len({key for key, _ in odd.users}) == len(odd.users)


@pytest.mark.parametrize(
    ("quirk", "counted", "times"),
    [
        ("impossible", "impossible", 3),
        ("unknown", "unknown key", 3),
        ("repeated", "repeated key", 3),
        ("truncated", "malformed skeleton", 1),
        ("truncated", "malformed common", 1),
    ],
)
def test_rows_to_drop_are_there_when_asked_for(quirky, quirk, counted, times):
    assert quirky(quirk).counts[counted] == times


def test_a_repeated_key_comes_later_and_with_another_user(plain, quirky):
    odd = quirky("repeated")
    first = dict(reversed(odd.users))
    later = dict(odd.users)
    changed = [key for key in first if first[key] != later[key]]
    assert len(changed) == 3
    assert [row["101"] for row in odd.kept] == [row["101"] for row in plain.kept]


def test_every_other_line_ends_as_on_windows(quirky, plain):
    odd = quirky("crlf")
    assert odd.skeleton.count(b"\r\n") == odd.skeleton.count(b"\n") // 2
    assert odd.rows == plain.rows


def test_the_last_line_breaks_off(quirky):
    odd = quirky("truncated")
    assert odd.rows[-1] is None
    assert odd.users[-1] is None
    assert not odd.skeleton.endswith(b"\n")


def test_duplicates_come_twice_in_a_row(quirky, plain):
    odd = quirky("duplicates")
    assert len(odd.rows) == len(plain.rows) + round(quirks.DUPLICATES * 3000)
    doubled = [a == b for a, b in zip(odd.rows, odd.rows[1:])]
    assert sum(doubled) == len(odd.rows) - len(plain.rows)


def test_ids_at_the_cut_off_occur_11_12_and_13_times(quirky, plain):
    def counts(raw):
        return Counter(identity for row in raw.kept for identity, _ in row["210"])

    planted = counts(quirky("cutoff")) - counts(plain)
    assert sorted(planted.values()) == [11, 12, 13]


def test_the_same_seed_writes_the_same_bytes(simulation, plain, tmp_path):
    again = Raw(simulation, tmp_path, "none")
    assert (again.skeleton, again.common) == (plain.skeleton, plain.common)


def test_the_summary_holds_the_quirks_and_the_truth(simulation, tmp_path):
    chosen = quirks.parse("crlf,keys")
    files = write_simulation(
        simulation, describe(simulation), tmp_path / "out", ["raw"], quirks=chosen
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "raw",
        "simulation.json",
        "truth",
    ]
    assert all(path.is_file() for path in files)
    raw = json.loads((tmp_path / "out" / "simulation.json").read_text())["raw"]
    assert raw["quirks"] == ["crlf", "keys"]
    assert raw["parts"]["train"]["counts"]["impressions"] == 3000


def test_an_unknown_quirk_is_refused_with_the_known_ones():
    assert quirks.parse("none") == frozenset()
    assert quirks.parse("all") == frozenset(quirks.QUIRKS)
    with pytest.raises(UserError, match=r"--quirks: must be all, none, or of shuffled, .*got typo"):
        quirks.parse("crlf,typo")
