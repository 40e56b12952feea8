"""The example of docs/data.md as it stands: a DataFrame is trained on, evaluated and scored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

DOC = Path(__file__).resolve().parents[2] / "docs" / "data.md"


def test_the_example_trains_evaluates_and_scores_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = DOC.read_text().split("## DataFrames")[1].split("## Order")[0]
    python, config = re.findall(r"^```(?:python)?\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    Path("frames.config").write_text(config)
    names: Dict[str, Any] = {}
    exec(compile(python, str(DOC), "exec"), names)  # noqa: S102 - our own page
    scores, held_out = names["scores"], names["log"][1500:]
    assert names["metrics"]["count/impressions"] == 500
    assert list(scores.index) == list(held_out.index)
    np.testing.assert_allclose(
        scores["probs_ctcvr"], scores["probs_ctr"] * scores["probs_cvr"], rtol=1e-5
    )
    assert names["metrics"]["mean_pctr"] == pytest.approx(scores["probs_ctr"].mean(), abs=1e-6)
    assert Path("runs/frames/model.ckpt-15.index").exists()
