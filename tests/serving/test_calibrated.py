"""The calibration in an exported graph: each signature, a field of the user's or of the items'."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from easy_esmm import config as configs
from easy_esmm.calibration.calibration import Calibration, TaskCalibration
from easy_esmm.calibration.curve import Curve
from easy_esmm.calibration.fitted import joint
from easy_esmm.calibration.probability import product_logit
from easy_esmm.compat import keras
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
