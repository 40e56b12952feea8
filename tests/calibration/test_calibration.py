"""A calibration as JSON: all digits there and back, and what is wrong with a file is said."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict

import numpy as np
import pytest

from easy_esmm.calibration.calibration import (
    Calibration,
    TaskCalibration,
    calibrated_tasks,
    from_json,
    to_json,
)
from easy_esmm.calibration.curve import Curve
from easy_esmm.errors import UserError

CALIBRATION = Calibration(
    {
        "ctr": TaskCalibration(
            "platt", Curve((-2.0 / 3,), (0.1,), (1.1,)), {"": 0.3, "über": -1.0}
        ),
        "ctcvr": TaskCalibration("spline", Curve((-9.0, -1.0), (-8.0, -1.5), (0.7, 1.2))),
    },
    "page",
    "digest",
    {"date": "today", "scores": [1, 2]},
)


def test_a_file_gives_back_what_was_written_to_the_last_bit() -> None:
    assert from_json(to_json(CALIBRATION)) == CALIBRATION


def changed(change: Callable[[Dict[str, Any]], Any]) -> str:
    content = json.loads(to_json(CALIBRATION))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (to_json(CALIBRATION)[:200], "is no JSON"),
        ("[]", "is no calibration"),
        ('{"knots": [1]}', "is no calibration"),
        (changed(lambda c: c.update(easy_esmm_calibration=2)), "has format 2, this version"),
        (changed(lambda c: c.pop("tasks")), "lacks 'tasks'"),
        (changed(lambda c: c["tasks"]["ctr"].pop("slopes")), "lacks 'slopes'"),
        (changed(lambda c: c["tasks"].update(ctr=[])), "is damaged"),
        (changed(lambda c: c["tasks"]["ctr"].update(slopes=[float("nan")])), "NaN is not a number"),
        (changed(lambda c: c["tasks"]["ctr"].update(slopes=["fast"])), "is damaged: .*fast"),
        (changed(lambda c: c["tasks"]["ctr"].update(slopes=[-1.0])), "'ctr': slopes must be above"),
        (changed(lambda c: c["tasks"]["ctr"]["shifts"].update(a="x")), "is damaged"),
        (to_json(CALIBRATION).replace("0.3", "1e999"), "'ctr' that are no finite numbers"),
        (
            to_json(CALIBRATION).replace("0.3", "1e300"),
            "no finite numbers of at most 1,000,000,000",
        ),
        (changed(lambda c: c["tasks"]["ctr"].update(values=[1e300])), "of at most 1,000,000,000"),
        (
            changed(lambda c: c["tasks"]["ctr"].update(slopes="1")),
            "is damaged: '1' is not a number",
        ),
        (changed(lambda c: c["tasks"]["ctr"].update(knots=[10**400])), "is damaged: int too large"),
        (changed(lambda c: c["tasks"]["ctcvr"].update(knots=[0, 1e-200])), "must be 1e-12 apart"),
        ("[" * 100_000 + "]" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_calibration_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        from_json(text)


def test_its_words_name_methods_and_field() -> None:
    assert CALIBRATION.words == "ctr platt, ctcvr spline, by page"
    card = CALIBRATION.card()
    assert card["methods"] == {"ctr": "platt", "ctcvr": "spline"}
    assert card["field"] == "page"
    assert card["made"] == {"date": "today", "scores": [1, 2]}


def test_a_shift_is_added_to_the_curve() -> None:
    task = CALIBRATION.tasks["ctr"]
    np.testing.assert_allclose(task(np.array([1.0]), 0.5), 0.1 + 1.1 * (1 + 2 / 3) + 0.5)
    assert not task.is_identity
    identity = Curve((0.0,), (0.0,), (1.0,))
    assert TaskCalibration("platt", identity, {"a": 0.0}).is_identity
    assert not TaskCalibration("platt", identity, {"a": 0.0, "b": 0.5}).is_identity


def test_tasks_with_curves_are_click_and_product_or_each_probability(
    tasks_of: Callable[[str], Any],
) -> None:
    assert calibrated_tasks(tasks_of("esmm_quickstart")) == ("ctr", "ctcvr")
    assert calibrated_tasks(tasks_of("esmm_purchase_value")) == ("ctr",)
    assert calibrated_tasks(tasks_of("aitm")) == tuple(t.name for t in tasks_of("aitm"))
    assert calibrated_tasks(tasks_of("deepfm")) == ("",)
