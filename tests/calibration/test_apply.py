"""The graph of a calibration against float64, and what it promises of the three probabilities."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Callable, Dict, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.calibration.apply import calibrated, capped_share
from easy_esmm.calibration.calibration import Calibration, TaskCalibration
from easy_esmm.calibration.curve import Curve
from easy_esmm.calibration.fitted import joint
from easy_esmm.calibration.probability import product_logit
from easy_esmm.contract import Head, Outputs, Tasks, served_outputs

IDENTITY = Curve((0.0,), (0.0,), (1.0,))
LINE = Curve((-3.0,), (-3.2,), (0.9,))
BENT = Curve((-9.0, -6.0, -2.0), (-9.5, -6.1, -2.8), (0.9, 1.0, 0.6))
LOWEST = -(2**63)


def calibration(
    ctr: Curve, ctcvr: Curve, field: str = "", shifts: Mapping[str, Any] = MappingProxyType({})
) -> Calibration:
    of_tasks = {"ctr": ctr, "ctcvr": ctcvr}
    tasks = {
        name: TaskCalibration("platt", curve, shifts.get(name, {}))
        for name, curve in of_tasks.items()
    }
    return Calibration(tasks, field)


def head(logit: Any) -> Head:
    logit = tf.constant(logit, tf.float32)
    return Head(tf.sigmoid(logit), logit)


def esmm(a: Any, b: Any) -> Outputs:
    """What ESMM gives for CTR logits a and CVR logits b."""
    a, b = (np.asarray(logit, np.float32).astype(np.float64) for logit in (a, b))
    heads = {"ctr": head(a), "cvr": head(b), "ctcvr": head(product_logit(a, b))}
    served = served_outputs({name: heads[name] for name in ("ctr", "cvr")})
    return Outputs(heads, {**served, "probs_ctcvr": heads["ctcvr"].prediction})


def logits(outputs: Outputs) -> Dict[str, Any]:
    return {name: np.asarray(h.logit, np.float64) for name, h in outputs.heads.items()}


@pytest.fixture
def family(tasks_of: Callable[[str], Tasks]) -> Tasks:
    return tasks_of("esmm_quickstart")


@pytest.mark.parametrize("reach", [4.0, 15.0, 80.0])
@pytest.mark.parametrize("curves", [(LINE, BENT), (BENT, LINE), (IDENTITY, LINE)])
def test_the_graph_agrees_with_float64(family: Tasks, reach: float, curves: Any) -> None:
    random = np.random.default_rng(1)
    outputs = esmm(*random.uniform(-reach, reach, [2, 20_000]))
    before = logits(outputs)
    after = logits(calibrated(outputs, family, calibration(*curves), {}))
    ctr, raw = curves[0](before["ctr"]), curves[1](before["ctcvr"])
    cvr, ctcvr = joint(ctr, raw)
    for name, expected in (("ctr", ctr), ("cvr", cvr), ("ctcvr", ctcvr)):
        np.testing.assert_allclose(after[name], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("curves", [(LINE, BENT), (BENT, LINE), (LINE, IDENTITY)])
def test_the_product_is_exact_and_never_above_the_click(family: Tasks, curves: Any) -> None:
    random = np.random.default_rng(2)
    outputs = esmm(*random.uniform(-80, 80, [2, 50_000]))
    found = calibrated(outputs, family, calibration(*curves), {})
    after, probability = logits(found), {n: h.prediction.numpy() for n, h in found.heads.items()}
    expected = product_logit(after["ctr"], after["cvr"])
    np.testing.assert_allclose(after["ctcvr"], expected, rtol=2e-6, atol=2e-6)
    assert (after["ctcvr"] <= after["ctr"]).all()
    assert (probability["ctcvr"] <= probability["ctr"]).all()
    assert ((probability["cvr"] > 0) & (probability["cvr"] < 1)).all()


def test_rates_of_one_in_a_million_keep_their_digits(family: Tasks) -> None:
    a = np.log(1e-6) + np.linspace(-1, 1, 1_000)
    found = calibrated(esmm(a, a), family, calibration(LINE, LINE), {})
    before = logits(esmm(a, a))
    cvr, _ = joint(LINE(before["ctr"]), LINE(before["ctcvr"]))
    predicted = found.heads["cvr"].prediction.numpy()
    np.testing.assert_allclose(predicted, 1 / (1 + np.exp(-cvr)), rtol=3e-6)


def test_rows_keep_their_order_by_click_and_by_product(family: Tasks) -> None:
    random = np.random.default_rng(3)
    outputs = esmm(*random.normal(-3, 1.5, [2, 20_000]))
    before = logits(outputs)
    after = logits(calibrated(outputs, family, calibration(LINE, BENT), {}))
    for name in ("ctr", "ctcvr"):
        order = np.argsort(before[name])
        assert (np.diff(after[name][order]) >= 0).all()
        assert len(np.unique(after[name])) > 0.99 * len(np.unique(before[name]))


def test_the_identity_changes_no_bit(family: Tasks) -> None:
    outputs = esmm(*np.random.default_rng(4).uniform(-80, 80, [2, 5_000]))
    found = calibrated(outputs, family, calibration(IDENTITY, IDENTITY), {})
    for name, values in outputs.served.items():
        np.testing.assert_array_equal(found.served[name], values)
        np.testing.assert_array_equal(found.served[f"uncalibrated_{name}"], values)


def test_calibrated_outputs_have_the_names_and_the_others_stand_beside_them(
    family: Tasks,
) -> None:
    outputs = esmm([-1.0], [-2.0])
    found = calibrated(outputs, family, calibration(LINE, LINE), {})
    assert set(found.served) == {
        *outputs.served,
        *(f"uncalibrated_{name}" for name in outputs.served),
    }
    assert found.served["probs_ctcvr"] is found.heads["ctcvr"].prediction
    assert found.served["logits_cvr"] is found.heads["cvr"].logit
    assert found.served["uncalibrated_logits_cvr"] is outputs.heads["cvr"].logit


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        ([b"web", b"app", b"", "über".encode(), b"new"], tf.string, ["web", "app", "", "über"]),
        ([7, -7, -(2**31), 2**31 - 1, 0], tf.int32, ["7", "-7", "", str(2**31 - 1)]),
        ([9_007_199_254_740_993, 2, LOWEST, 3, 9_007_199_254_740_992], tf.int64,
         ["9007199254740993", "2", "", "3"]),
    ],
)  # fmt: skip
def test_values_of_a_field_have_their_shifts_and_unseen_ones_the_whole(
    family: Tasks, values: Any, dtype: Any, texts: Any
) -> None:
    shifts = {
        "ctr": dict(zip(texts, [0.1, 0.2, 0.3, 0.4])),
        "ctcvr": dict(zip(texts[:2], [-0.1, -0.2])),
    }
    by_field = calibration(LINE, BENT, "page", shifts)
    outputs = esmm([-2.0] * 5, [-3.0] * 5)
    columns: Mapping[str, Any] = {"page": tf.constant(values, dtype)}
    before, after = logits(outputs), logits(calibrated(outputs, family, by_field, columns))
    np.testing.assert_allclose(
        after["ctr"] - LINE(before["ctr"]), [0.1, 0.2, 0.3, 0.4, 0], atol=1e-6
    )
    np.testing.assert_allclose(
        after["ctcvr"] - BENT(before["ctcvr"]), [-0.1, -0.2, 0, 0, 0], atol=1e-6
    )


def test_contradicting_curves_are_counted(family: Tasks) -> None:
    # A product four times as likely as predicted, of a click that is as predicted.
    high = Curve((0.0,), (np.log(4.0),), (1.0,))
    outputs = esmm([-3.0, -3.0], [3.0, -3.0])
    found = calibrated(outputs, family, calibration(IDENTITY, high), {})
    (share,) = capped_share(found, family, tf.ones(2)).values()
    np.testing.assert_array_equal(share.value, [1.0, 0.0])
    np.testing.assert_allclose(found.heads["cvr"].prediction[0], 1 - 1e-6, atol=1e-7)


def test_independent_tasks_are_calibrated_each_by_itself(tasks_of: Callable[[str], Tasks]) -> None:
    tasks = tasks_of("aitm")
    heads = {task.name: head([-1.0, 0.0, 2.0]) for task in tasks}
    first, *others = heads
    curves = {name: LINE if name == first else IDENTITY for name in heads}
    of_tasks = {name: TaskCalibration("platt", curve) for name, curve in curves.items()}
    found = calibrated(Outputs(heads, served_outputs(heads)), tasks, Calibration(of_tasks), {})
    expected = LINE([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(found.heads[first].logit, expected, rtol=1e-6)
    np.testing.assert_allclose(found.served[f"probs_{first}"], 1 / (1 + np.exp(-expected)), 1e-6)
    for name in others:
        assert found.heads[name] is heads[name]


def test_of_two_classes_that_of_label_0_keeps_its_logit(tasks_of: Callable[[str], Tasks]) -> None:
    tasks = tasks_of("aitm")
    classes = tf.constant([[0.5, -1.0], [-2.0, 1.0]])
    logit = classes[:, 1] - classes[:, 0]
    heads = {task.name: Head(tf.sigmoid(logit), logit, classes) for task in tasks}
    of_tasks = {name: TaskCalibration("platt", LINE) for name in heads}
    outputs = Outputs(heads, served_outputs(heads))
    found = calibrated(outputs, tasks, Calibration(of_tasks), {})
    name = next(iter(heads))
    expected = LINE(logit.numpy())
    np.testing.assert_allclose(
        found.served[f"pos_logits_{name}"], np.array([0.5, -2.0]) + expected, 1e-6
    )
    np.testing.assert_allclose(found.served[f"probs_{name}"], 1 / (1 + np.exp(-expected)), 1e-6)
    np.testing.assert_array_equal(found.served[f"uncalibrated_pos_logits_{name}"], classes[:, 1])


def test_a_predicted_value_stays_and_its_expectation_follows_the_click(
    tasks_of: Callable[[str], Tasks],
) -> None:
    tasks = tasks_of("esmm_purchase_value")
    click, value = head([-1.0, 1.0]), tf.constant([3.0, 5.0])
    heads = {"ctr": click, "value": Head(value), "ctcvr": Head(click.prediction * value)}
    served = served_outputs({"ctr": click, "value": heads["value"]})
    served["y_ctcvr"] = heads["ctcvr"].prediction
    only_click = Calibration({"ctr": TaskCalibration("platt", LINE)})
    found = calibrated(Outputs(heads, served), tasks, only_click, {})
    pctr = 1 / (1 + np.exp(-LINE([-1.0, 1.0])))
    np.testing.assert_allclose(found.served["y_ctcvr"], pctr * [3.0, 5.0], 1e-6)
    np.testing.assert_array_equal(found.served["y_value"], value)
    assert capped_share(found, tasks, tf.ones(2)) == {}
