"""The calibration in an exported graph: each signature, a field of the user's or of the items'."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np
import pytest

from easy_esmm import config as configs
from easy_esmm.calibration.calibration import Calibration, TaskCalibration, calibrated_tasks
from easy_esmm.calibration.curve import Curve
from easy_esmm.calibration.fitted import joint
from easy_esmm.calibration.probability import product_logit
from easy_esmm.compat import keras
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Kind, keyed
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.graph import ServingGraph
from tests.conformance import table
from tests.serving.serving_graphs import answers, of_first_user, rows_of, session_of, user_once

ROWS = 12
CTR = Curve((-3.0, -1.0, 0.5), (-3.5, -1.2, 0.0), (1.0, 1.1, 0.5))
CTCVR = Curve((-2.0,), (-2.5,), (0.8,))


def text_of(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("field", ["city", "item"])
def test_each_signature_answers_as_the_calibration_in_numpy(field: str, tmp_path: Path) -> None:
    config = PipelineConfig()
    config.CopyFrom(configs.load(str(table.SAMPLES / "esmm_derived_features.config")).config)
    rows = of_first_user(config, rows_of(config, tmp_path, ROWS))
    seen = [text_of(value) for value in dict.fromkeys(rows[field].tolist())]
    shifts: Dict[str, float] = dict(zip(seen[::2], np.linspace(-0.5, 0.7, len(seen[::2])).tolist()))
    calibration = Calibration(
        {
            "ctr": TaskCalibration("spline", CTR, shifts),
            "ctcvr": TaskCalibration("platt", CTCVR, {k: -v for k, v in shifts.items()}),
        },
        field,
    )
    keras.utils.set_random_seed(1)
    serving = ServingGraph(config, None, calibration)
    session = session_of(serving)
    default = answers(session, serving.signatures["serving_default"], rows)
    ranked = answers(session, serving.signatures["rank"], user_once(config, rows))

    shift = np.array([shifts.get(text_of(value), 0.0) for value in rows[field].tolist()])
    a, b = (default[f"uncalibrated_logits_{name}"].astype(float) for name in ("ctr", "cvr"))
    ctr = CTR(a) + shift
    cvr, _ = joint(ctr, CTCVR(product_logit(a, b)) - shift)
    np.testing.assert_allclose(default["logits_ctr"], ctr, rtol=2e-6)
    np.testing.assert_allclose(default["logits_cvr"], cvr, rtol=2e-5, atol=2e-6)
    product = default["probs_ctr"] * default["probs_cvr"]
    np.testing.assert_allclose(default["probs_ctcvr"], product, rtol=2e-6)
    for name, values in default.items():
        np.testing.assert_allclose(ranked[name], values, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "sample",
    ["esmm_losses", "escm2_dr", "division", "esmm_user_rows"],
)
def test_in_the_entire_space_family_the_product_is_exact_and_below_the_click(
    sample: str, tmp_path: Path
) -> None:
    found, names = calibrated_answers(sample, {"ctr": CTR, "ctcvr": CTCVR}, tmp_path)
    ctr, cvr = (f"probs_{name}" for name in names)
    assert np.ptp(found[cvr]) > 0
    np.testing.assert_allclose(found["probs_ctcvr"], found[ctr] * found[cvr], rtol=3e-6)
    assert (found["probs_ctcvr"] <= found[ctr]).all()
    before = found[f"uncalibrated_{ctr}"].astype(float)
    expected = CTR(np.log(before) - np.log1p(-before))
    np.testing.assert_allclose(found[ctr], 1 / (1 + np.exp(-expected)), rtol=1e-5)


@pytest.mark.parametrize("sample", ["aitm", "multi_tower", "multi_task_losses"])
def test_other_models_have_each_probability_calibrated(sample: str, tmp_path: Path) -> None:
    found, names = calibrated_answers(sample, {}, tmp_path)
    assert names
    for name in names:
        key = keyed("probs", name)
        before = found[f"uncalibrated_{key}"].astype(float)
        expected = CTCVR(np.log(before) - np.log1p(-before))
        np.testing.assert_allclose(found[key], 1 / (1 + np.exp(-expected)), rtol=1e-5)


def calibrated_answers(
    sample: str, curves: Mapping[str, Curve], folder: Path
) -> Tuple[Dict[str, Any], Sequence[str]]:
    """Answers of a sample's model with random values, and its towers that give probabilities."""
    config = PipelineConfig()
    config.CopyFrom(configs.load(str(table.SAMPLES / f"{sample}.config")).config)
    tasks = task_specs(config.model_config)
    calibration = Calibration(
        {
            name: TaskCalibration("platt", curves.get(name, CTCVR))
            for name in calibrated_tasks(tasks)
        }
    )
    keras.utils.set_random_seed(1)
    serving = ServingGraph(config, None, calibration)
    found = answers(
        session_of(serving), serving.signatures["serving_default"], rows_of(config, folder, ROWS)
    )
    product = tasks.entire_space.product if tasks.entire_space else None
    names = [t.name for t in tasks if t is not product and t.kind is Kind.BINARY]
    return found, names
