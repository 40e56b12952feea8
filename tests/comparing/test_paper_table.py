"""Models, figures and text of the paper's table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from easy_esmm.comparing import paper_table
from easy_esmm.comparing.runs import Result
from easy_esmm.config import Edit
from easy_esmm.config.paper_models import NAMES
from easy_esmm.errors import UserError
from tests.conformance.table import SAMPLES

SUFFIXES = {"ctr": "ctr", "cvr_clicked": "cvr_masked", "ctcvr": "ctcvr"}

ALICCP = str(SAMPLES / "esmm_aliccp.config")


def result(name: str, seed: int, cvr: float, ctcvr: float) -> Result:
    metrics = {"auc_cvr_masked": cvr, "auc_ctcvr_common_pctr": ctcvr}
    return Result(name, seed, SUFFIXES, metrics, 1.0, 100, 0.5)


RESULTS = [
    result("BASE", 1, 0.66, 0.61),
    result("BASE", 0, 0.64, 0.63),
    result("ESMM", 0, 0.6912, math.nan),
]


def test_mean_and_deviation_are_over_the_trainings_of_a_model() -> None:
    table = paper_table.figures(RESULTS, ["BASE", "ESMM"])
    # (.64 + .66) / 2 and sqrt(2 x .01^2 / (2 - 1)) = .0141
    assert table["BASE"][paper_table.CVR] == {
        "mean": pytest.approx(0.65),
        "deviation": pytest.approx(0.0141, abs=1e-4),
        "by_seed": {0: 0.64, 1: 0.66},
    }
    assert table["ESMM"][paper_table.CVR]["deviation"] is None
    assert table["ESMM"][paper_table.CTCVR] == {"mean": None, "deviation": None, "by_seed": {}}


def test_the_text_has_ours_beside_the_published_figures() -> None:
    text = paper_table.text(paper_table.figures(RESULTS, ["BASE", "ESMM"]), is_official=False)
    base, esmm = (line.split() for line in text.splitlines()[1:3])
    assert " ".join(base) == "BASE 2 65.00 +- 1.41 66.00 +- .37 62.00 +- 1.41 62.07 +- .45"
    assert " ".join(esmm) == "ESMM 1 69.12 +- - 68.56 +- .37 - 65.32 +- .49"
    assert text.endswith("not comparable.")
    official = paper_table.text(paper_table.figures(RESULTS, ["BASE"]), is_official=True)
    assert "not comparable" not in official


def test_the_file_holds_the_same_figures(tmp_path: Path) -> None:
    table = paper_table.figures(RESULTS, ["BASE", "ESMM"])
    paper_table.write(table, {"runs": 2}, str(tmp_path / "table.json"))
    content = json.loads((tmp_path / "table.json").read_text())
    assert content["runs"] == 2
    assert content["models"]["BASE"][paper_table.CVR]["by_seed"] == {"0": 0.64, "1": 0.66}
    assert content["models"]["ESMM"][paper_table.CTCVR]["mean"] is None


def test_models_differ_from_the_sample_in_the_model_alone() -> None:
    rate = Edit("test", "train_config.num_steps", 7)
    units = Edit("test", "model_config.esmm.cvr_tower.dnn.hidden_units", [5])
    made = paper_table.variants_of(ALICCP, [rate, units], NAMES)
    assert [variant.name for variant in made] == list(NAMES)
    without: Any = None
    for variant in made:
        config = variant.pipeline.config
        rest = type(config)()
        rest.CopyFrom(variant.pipeline.written)
        rest.ClearField("model_config")
        assert rest == (without or rest)
        without = rest
        assert rest.train_config.num_steps == 7
        model = config.model_config
        cvr_tower = getattr(model, str(model.WhichOneof("model"))).cvr_tower
        assert list(cvr_tower.dnn.hidden_units) == [5]


def test_a_config_of_another_model_is_refused() -> None:
    path = str(SAMPLES / "esmm_three_groups.config")
    with pytest.raises(UserError) as caught:
        paper_table.variants_of(path, [], ["BASE"])
    assert str(caught.value) == (
        f"{path}: model_config: must be the paper's ESMM, one feature group that goes straight to "
        "both towers, without click_masked_cvr_weight and ctr_logit_link; the other models are "
        "made of it"
    )
