"""ESMM with `delayed_feedback`: its losses in training, and none of them elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.contract import ConversionTimes, Group, Labels
from easy_esmm.losses.negative_sampling import sampling_of
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.tasks import build, family_labels, outputs_of

A, B = np.array([-1.0, 0.5, -2.0, 0.2]), np.array([-0.5, 1.0, -1.0, 2.0])
CLICK, CONVERSION = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])
WEIGHT = np.array([1.0, 2.0, 0.5, 3.0])


def config(loss: str, model: str = "esmm") -> ModelConfig:
    text = f"""
      feature_groups {{ group_name: "all" }}
      {model} {{
        ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: [4] use_bn: false }} }}
        cvr_tower {{
          tower_name: "cvr" label_name: "buy" label_prior: .2 weight: 2
          dnn {{ hidden_units: [3] use_bn: false }}
        }}
      }}
      delayed_feedback {{ {loss} }}
    """  # noqa: E501
    parsed = text_format.Parse(text, ModelConfig())
    parsed.model_class = {"esmm": "ESMM", "esmm_aitm": "ESMM_AITM"}[model]
    return parsed


def labels(**times: Any) -> Labels:
    found = family_labels(CLICK, CONVERSION, ctr_loss_weight=WEIGHT, cvr_loss_weight=WEIGHT)
    if not times:
        return found
    arrays = {"conversion": CONVERSION, "since_start": np.full(4, np.inf), **times}
    tensors = {name: tf.constant(array, tf.float32) for name, array in arrays.items()}
    return replace(found, times=ConversionTimes(**tensors))


def terms(loss: str, given: Labels, **auxiliary: Any) -> Dict[str, Any]:
    """Name of the loss -> (value, weight)."""
    model = build(config(loss))
    towers = {name: tf.constant(x, tf.float32) for name, x in (("ctr", A), ("cvr", B))}
    extra = {name: tf.constant(x, tf.float32) for name, x in auxiliary.items()}
    outputs = outputs_of(model, towers, **extra)
    return {t.name: (float(t.value), t.weight) for t in model.loss_terms(outputs, given)}


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


P, G = sigmoid(A), sigmoid(A) * sigmoid(B)
CTR = -np.mean(WEIGHT * (CLICK * np.log(P) + (1 - CLICK) * np.log(1 - P)))
DELAYS = {"delay": [2.0, 0, 0, 0], "elapsed": [9.0, 1.0, 5.0, 20.0]}


def test_the_delay_model_takes_the_place_of_the_loss_of_the_product() -> None:
    log_rate = np.array([0.3, -1.0, 0.0, 2.0])
    found = terms("delay_model { first_mean_days: 4 }", labels(**DELAYS), delay=log_rate)
    rate = np.exp(log_rate) / 4
    arrived = 1 - np.exp(-rate * np.array(DELAYS["elapsed"]))
    observed = -np.log(G) - np.log(rate) + rate * np.array(DELAYS["delay"])
    expected = np.mean(WEIGHT * np.where(CONVERSION, observed, -np.log(1 - G * arrived)))
    assert list(found) == ["weighted_cross_entropy_loss_ctr", "weighted_cross_entropy_loss_cvr"]
    assert found["weighted_cross_entropy_loss_ctr"] == (pytest.approx(CTR, rel=1e-6), 1.0)
    assert found["weighted_cross_entropy_loss_cvr"] == (pytest.approx(expected, rel=1e-6), 2.0)


def test_the_waiting_window_leaves_clicks_of_young_rows_to_the_click_loss() -> None:
    found = terms("waiting_window { window_days: 5 }", labels(**DELAYS))
    is_old = np.array([1, 0, 1, 1])
    entropy = -(CONVERSION * np.log(G) + (1 - CONVERSION) * np.log(1 - G))
    assert found["weighted_cross_entropy_loss_ctr"][0] == pytest.approx(CTR, rel=1e-6)
    expected = np.mean(WEIGHT * is_old * entropy)
    assert found["weighted_cross_entropy_loss_cvr"][0] == pytest.approx(expected, rel=1e-6)


def test_clicks_of_earlier_trainings_count_no_second_time() -> None:
    """The first click is older than the new rows, its conversion is not."""
    given = labels(**DELAYS, since_start=[-1.0, 3.0, -2.0, 5.0])
    found = terms("fake_negative_weighted { }", given)
    is_new = np.array([0, 1, 0, 1])
    ctr = -np.mean(WEIGHT * is_new * (CLICK * np.log(P) + (1 - CLICK) * np.log(1 - P)))
    assert found["weighted_cross_entropy_loss_ctr"][0] == pytest.approx(ctr, rel=1e-6)
    product = -(1 + G) * (CONVERSION * np.log(G) + is_new * (1 - G) * np.log(1 - G))
    expected = np.mean(WEIGHT * product)
    assert found["weighted_cross_entropy_loss_cvr"][0] == pytest.approx(expected, rel=1e-6)


def test_the_towers_of_elapsed_time_sampling_answer_per_click() -> None:
    dp, fn = np.array([-1.0, 0.0, 1.0, -2.0]), np.array([0.5, -0.5, 0.0, 1.0])
    sampling = "elapsed_time_sampling { window_days: 1 mature_days: 5 }"
    found = terms(sampling, labels(**DELAYS), delayed_positive=dp, fake_negative=fn)
    delayed, fake = P * sigmoid(dp), P * sigmoid(fn)
    product = -(1 + delayed) * (CONVERSION * np.log(G) + (1 - fake) * np.log(1 - G))
    mature = np.array([1, 0, 1, 1])
    of_tower = {
        rate: -mature * (CONVERSION * np.log(p) + (1 - CONVERSION) * np.log(1 - p))
        for rate, p in (("delayed_positive", delayed), ("fake_negative", fake))
    }
    assert found == {
        "weighted_cross_entropy_loss_ctr": (pytest.approx(CTR, rel=1e-6), 1.0),
        "weighted_cross_entropy_loss_cvr": (
            pytest.approx(np.mean(WEIGHT * product), rel=1e-6),
            2.0,
        ),
        **{
            f"{name}_loss_ctcvr": (pytest.approx(np.mean(WEIGHT * rows), rel=1e-6), 2.0)
            for name, rows in of_tower.items()
        },
    }


def test_dropped_negatives_and_late_conversions_are_corrected_together() -> None:
    """Among rows of whose negatives a tenth is kept, clicks have the log odds a - ln .1."""
    given = replace(labels(**DELAYS), sampling=sampling_of(tf.constant(CLICK, tf.float32), 0.1))
    found = terms("delay_model { first_mean_days: 1 }", given, delay=np.zeros(4))
    rate = sigmoid(A - np.log(0.1)) * sigmoid(B)
    arrived = 1 - np.exp(-np.array(DELAYS["elapsed"]))
    observed = -np.log(rate) + np.array(DELAYS["delay"])
    expected = np.mean(WEIGHT * np.where(CONVERSION, observed, -np.log(1 - rate * arrived)))
    assert found["weighted_cross_entropy_loss_cvr"][0] == pytest.approx(expected, rel=1e-6)


def test_labels_without_times_have_the_losses_of_the_paper() -> None:
    found = terms("delay_model { }", labels(), delay=np.zeros(4))
    entropy = -(CONVERSION * np.log(G) + (1 - CONVERSION) * np.log(1 - G))
    expected = np.mean(WEIGHT * entropy)
    assert found["weighted_cross_entropy_loss_cvr"][0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("model", ["esmm", "esmm_aitm"])
def test_the_further_towers_are_no_outputs_and_start_at_the_rate_of_conversions(model: str) -> None:
    built = build(config("elapsed_time_sampling { }", model))
    outputs = built.outputs({"all": Group(tf.zeros([5, 6]))}, training=True)
    assert set(outputs.auxiliary) == {"delayed_positive", "fake_negative"}
    assert not [name for name in outputs.served if "delayed" in name or "fake" in name]
    for logit in outputs.auxiliary.values():
        np.testing.assert_allclose(sigmoid(logit.numpy()), 0.2, rtol=1e-5)
    assert {"delayed_positive_tower/output/bias:0"} <= {w.name for w in built.weights}
