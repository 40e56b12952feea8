"""Impossible settings are refused, all of them at once."""

from __future__ import annotations

import pytest

from easy_esmm.errors import UserError
from easy_esmm.simulation.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("rows", 99, r"in \[100, 50000000\]"),
        ("test_share", 1.0, r"in \(0, 1\)"),
        ("rho", -1.01, r"in \[-1, 1\]"),
        ("rho", float("nan"), r"in \[-1, 1\]"),
        ("kappa", 3.5, r"in \[0, 3\]"),
        ("click_rate", 0.0, r"in \(0, 1\)"),
        ("conv_rate", 1.0, r"in \(0, 1\), conversions per click"),
        ("history_length", -1.0, r"in \[0, 1000\]"),
        ("seed", -1, r"in \[0, 2\^63\)"),
    ],
)
def test_a_setting_outside_its_range_is_named_with_rule_and_value(name, value, rule):
    with pytest.raises(UserError, match=rf"^--{name}: must be {rule}, got {value}$"):
        Settings(**{name: value})


def test_all_problems_are_reported_together():
    with pytest.raises(UserError) as caught:
        Settings(rows=0, rho=2, conv_rate=0)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "--rows",
        "--rho",
        "--conv_rate",
    ]


def test_the_parts_add_up_to_the_rows():
    settings = Settings(rows=1001, test_share=0.25)
    assert (settings.train_rows, settings.test_rows) == (751, 250)
    assert Settings(rows=100, test_share=1e-6).test_rows == 1
