"""Real Ali-CCP rows through the whole path: `pytest --aliccp-sample DIR`.

DIR holds `flat/*train*.csv` or the like: any CSV file with a header, `click`, `purchase` and single
ids; and any `rows.txt` of joined impressions, `sample_id,click,conversion,field:id,field:id,...`.
A few rows say nothing about quality; they show that real cells are read, trained on and served.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np
import pandas as pd
import pytest

from easy_esmm import config as configs
from easy_esmm import data, training
from easy_esmm.aliccp.fields import FIELDS
from easy_esmm.config import Pipeline
from easy_esmm.serving.requests import request
from easy_esmm.serving.saved_model import SavedModel

NETWORK = "dnn { hidden_units: 16 use_bn: false }"
MULTI = [field.name for field in FIELDS if field.is_list]


def write_config(
    folder: Path, train: str, evaluation: str, labels: Sequence[str], ids: List[str]
) -> Pipeline:
    """A config over id columns; those with several values become TagFeatures."""
    inputs = "".join(f'input_fields {{ input_name: "{name}" }}\n' for name in ids)
    features = "".join(
        f'features {{ input_names: "{name}" embedding_dim: 4 hash_bucket_size: 1000 '
        f"feature_type: {'TagFeature' if name in MULTI else 'IdFeature'} }}\n"
        for name in ids
    )
    names = ", ".join(f'"{name}"' for name in ids)
    click, conversion = labels
    path = folder / "real.config"
    path.write_text(f"""
        train_input_path: "{train}" eval_input_path: "{evaluation}" model_dir: "{folder}/model"
        train_config {{
          optimizer_config {{
            lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{}} }} }}
          }}
          num_steps: 20
        }}
        data_config {{
          with_header: true batch_size: 10
          label_fields: ["{conversion}", "{click}"]
          input_fields {{ input_name: "{click}" input_type: INT32 }}
          input_fields {{ input_name: "{conversion}" input_type: INT32 }}
          {inputs}
        }}
        feature_config {{ {features} }}
        model_config {{
          model_class: "ESMM"
          feature_groups {{ group_name: "all" feature_names: [{names}] }}
          esmm {{
            ctr_tower {{ tower_name: "ctr" label_name: "{click}" {NETWORK} }}
            cvr_tower {{ tower_name: "cvr" label_name: "{conversion}" {NETWORK} }}
          }}
        }}
    """)
    return configs.load(str(path), command="train")


def bring_through(pipeline: Pipeline, rows: pd.DataFrame, labels: Sequence[str]) -> None:
    """Trains, evaluates, exports and scores; counts must be the file's, scores must agree."""
    trained = training.train(pipeline)
    metrics = training.evaluate(pipeline)
    click, conversion = (rows[name].astype(int) for name in labels)
    assert metrics["count/impressions"] == len(rows)
    assert metrics["count/clicks"] == click.sum()
    assert metrics["count/conversions"] == (click * conversion).sum()
    assert metrics["count/orphan_conversions"] == ((1 - click) * conversion).sum()
    assert np.isfinite(metrics["loss"])
    path = pipeline.config.eval_input_path
    predicted = list(training.predict(pipeline, path))
    with SavedModel(trained.saved_model or "") as model:
        served = [
            model.score(request(pipeline.config, columns))
            for columns in data.input_fn(pipeline.config, "predict", path).batches()
        ]
    for name in ("probs_ctr", "probs_cvr", "probs_ctcvr"):
        one, other = (np.concatenate([b[name] for b in batches]) for batches in (predicted, served))
        assert len(one) == len(rows)
        np.testing.assert_allclose(one, other, atol=1e-6)
    mean = np.concatenate([b["probs_ctr"] for b in predicted]).mean()
    assert metrics["mean_pctr"] == pytest.approx(mean, abs=1e-6)


def test_single_valued_rows_go_through_the_whole_path(aliccp_sample: Path, tmp_path: Path) -> None:
    train, evaluation = (
        str(next(aliccp_sample.rglob(f"*{part}*.csv"))) for part in ("train", "test")
    )
    rows = pd.read_csv(evaluation)
    labels = ("click", "purchase")
    ids = [name for name in rows.columns if name not in labels and not name.startswith("D")]
    single = [name for name in ids if name not in MULTI]
    bring_through(write_config(tmp_path, train, evaluation, labels, single), rows, labels)


def test_joined_rows_keep_all_their_values_through_the_whole_path(
    aliccp_sample: Path, tmp_path: Path
) -> None:
    impressions: List[Dict[str, str]] = []
    for line in next(aliccp_sample.rglob("rows.txt")).read_text().splitlines():
        _, click, conversion, *features = line.split(",")
        values = defaultdict(list)
        for feature in features:
            name, identity = feature.split(":")
            values[name].append(identity)
        cells = {name: "|".join(of_name) for name, of_name in values.items()}
        impressions.append({"click": click, "conversion": conversion, **cells})
    rows = pd.DataFrame(impressions).fillna("")
    path = str(tmp_path / "joined.csv")
    rows.to_csv(path, index=False)
    labels = ("click", "conversion")
    ids = [name for name in rows.columns if name not in labels]
    assert {"109_14", "110_14", "127_14", "150_14"} <= set(ids)
    assert rows["150_14"].str.count(r"\|").max() > 100  # nobody kept the last value only
    bring_through(write_config(tmp_path, path, path, labels, ids), rows, labels)
