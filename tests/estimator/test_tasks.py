"""Training, evaluation, records, gradients and warnings of models with 1, 2, 3 and 5 tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np
import pandas as pd
import pytest

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.config import Pipeline
from easy_esmm.estimator.evaluate import gradient_cosine
from easy_esmm.evaluation.events import series_by_tag
from easy_esmm.evaluation.recorder import RowRecorder

TASKS = ("click", "cart", "buy", "spent", "back")
ROWS = 600
COUNTS = (1, 2, 3, 5)


def rows() -> pd.DataFrame:
    """Labels that depend on two ids; `buy` is known where `click` is 1, `spent` is a value."""
    random = np.random.default_rng(8)
    user, item = random.integers(0, 20, [2, ROWS])
    strength = (user % 5) - (item % 4) + random.normal(size=ROWS)
    frame = pd.DataFrame({"user": user, "item": item, "w": random.choice([0.5, 1.0, 2.0], ROWS)})
    for number, name in enumerate(TASKS):
        frame[name] = (strength > number - 1).astype(int)
    frame["spent"] = (np.where(strength > 0, strength * 3, -1)).round(2)
    return frame


def config(model: str, count: int, folder: Path) -> str:
    towers = []
    for name in TASKS[:count]:
        space = 'task_space_indicator_label: "click" out_task_space_weight: 0'
        towers.append(
            f"""task_towers {{ tower_name: "{name}" label_name: "{name}"
              {space if name == "buy" else ""} {"loss_type: L2_LOSS" if name == "spent" else ""}
              dnn {{ hidden_units: [8] use_bn: false }} }}"""
        )
    experts = "num_expert: 2 expert_dnn { hidden_units: [8] use_bn: false }"
    member = {"SimpleMultiTask": "simple_multi_task", "MMoE": "mmoe"}[model]
    types = {name: "FLOAT" if name == "spent" else "INT32" for name in TASKS}
    labels = " ".join(
        f'input_fields {{ input_name: "{name}" input_type: {kind} }}'
        for name, kind in types.items()
    )
    return f"""
      train_input_path: "{folder}/rows.csv" eval_input_path: "{folder}/rows.csv"
      model_dir: "{folder}/model"
      train_config {{ num_steps: 60 save_checkpoints_steps: 60 save_summary_steps: 20
        write_graph: false
        optimizer_config {{ lazy_adam_optimizer {{
          learning_rate {{ constant_learning_rate {{ learning_rate: 0.02 }} }} }} }} }}
      data_config {{ with_header: true batch_size: 100 sample_weight: "w"
        {labels} input_fields {{ input_name: "w" input_type: FLOAT }}
        input_fields {{ input_name: "user" }} input_fields {{ input_name: "item" }} }}
      feature_config {{
        features {{ input_names: "user" hash_bucket_size: 100 embedding_dim: 4 }}
        features {{ input_names: "item" hash_bucket_size: 100 embedding_dim: 4 }} }}
      model_config {{ model_class: "{model}"
        feature_groups {{ group_name: "all" feature_names: ["user", "item"] }}
        {member} {{ {" ".join(towers)} {experts if model == "MMoE" else ""} }} }}
      eval_config {{ metrics_set {{ auc {{}} }} metrics_set {{ gauc {{ uid_field: "user" }} }} }}
      export_config {{ exporter_type: "none" }}
    """


@pytest.fixture(scope="module", params=COUNTS)
def trained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Tuple[int, Pipeline, Dict[str, float], RowRecorder]:
    """(tasks, pipeline, metrics, recorder); MMoE for 2 and 5 tasks, else SimpleMultiTask."""
    count: int = request.param
    folder = tmp_path_factory.mktemp(f"tasks{count}")
    rows().to_csv(folder / "rows.csv", index=False)
    path = folder / "x.config"
    path.write_text(config("MMoE" if count in (2, 5) else "SimpleMultiTask", count, folder))
    pipeline = configs.load(str(path))
    training.train(pipeline)
    recorder = RowRecorder(user="user")
    return count, pipeline, training.evaluate(pipeline, recorder=recorder), recorder


Trained = Tuple[int, Pipeline, Dict[str, float], RowRecorder]


def rank_auc(label: Any, logit: Any, weight: Any) -> float:
    """Weighted share of pairs in which the positive is ahead, a tie counts one half."""
    ahead = (logit[:, None] > logit[None, :]) + 0.5 * (logit[:, None] == logit[None, :])
    pairs = np.outer(weight * label, weight * (1 - label))
    return float((pairs * ahead).sum() / pairs.sum())


def scores(pipeline: Pipeline) -> Dict[str, Any]:
    batches = list(training.predict(pipeline, pipeline.config.eval_input_path))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def test_every_task_is_learned_and_measured_by_its_own_label(trained: Trained) -> None:
    count, pipeline, metrics, _ = trained
    frame, predicted = rows(), scores(pipeline)
    names = [name for name in TASKS[:count] if name != "spent"]
    assert metrics["count/impressions"] == ROWS
    for name in names:
        label, logit = frame[name].to_numpy(), predicted[f"logits_{name}"].astype(np.float64)
        weight = frame["w"].to_numpy()
        assert metrics[f"auc_{name}"] == pytest.approx(rank_auc(label, logit, weight), abs=1e-6)
        assert metrics[f"auc_{name}"] > 0.75
        assert metrics[f"count/positives_{name}"] == label.sum()
        assert f"gauc_{name}" in metrics
        if name != "buy":
            loss = np.average(np.logaddexp(0, logit) - label * logit, weights=weight)
            assert metrics[f"log_loss_{name}"] == pytest.approx(loss, rel=1e-5)
            rate = np.average(predicted[f"probs_{name}"], weights=weight)
            observed = np.average(label, weights=weight)
            assert metrics[f"pcoc_{name}"] == pytest.approx(rate / observed, rel=1e-5)
            assert metrics[f"mean_prediction_{name}"] == pytest.approx(rate, rel=1e-5)
    assert metrics["loss/loss/total_loss"] == pytest.approx(
        sum(v for k, v in metrics.items() if k.startswith("loss/loss/") and "total" not in k)
    )


def test_a_task_with_a_task_space_is_measured_inside_it(trained: Trained) -> None:
    count, pipeline, metrics, _ = trained
    if "buy" not in TASKS[:count]:
        assert not any("masked" in name for name in metrics)
        return
    frame, predicted = rows(), scores(pipeline)
    inside = frame["click"].to_numpy() > 0
    label, weight = frame["buy"].to_numpy(), frame["w"].to_numpy() * inside
    logit = predicted["logits_buy"].astype(np.float64)
    expected = rank_auc(label, logit, weight)
    assert metrics["auc_buy_masked"] == pytest.approx(expected, abs=1e-6)
    assert metrics["count/rows_buy_masked"] == inside.sum()
    assert metrics["count/positives_buy_masked"] == label[inside].sum()
    loss = np.average(np.logaddexp(0, logit) - label * logit, weights=weight)
    assert metrics["log_loss_buy_masked"] == pytest.approx(loss, rel=1e-5)
    assert "log_loss_buy" not in metrics


def test_a_value_is_measured_by_its_errors(trained: Trained) -> None:
    count, pipeline, metrics, _ = trained
    if "spent" not in TASKS[:count]:
        return
    error = scores(pipeline)["y_spent"].astype(np.float64) - rows()["spent"].to_numpy()
    expected = np.average(error**2, weights=rows()["w"])
    assert metrics["mse_spent"] == pytest.approx(expected, rel=1e-5)
    assert metrics["count/positives_spent"] == (rows()["spent"] > 0).sum()


def test_recorded_rows_are_those_of_the_tasks_in_order(trained: Trained) -> None:
    count, pipeline, _, recorder = trained
    recorded, frame, predicted = recorder.rows(), rows(), scores(pipeline)
    assert [task.name for task in recorded.tasks] == list(TASKS[:count])
    np.testing.assert_array_equal(recorded.weight, frame["w"].astype(np.float32))
    for task in recorded.tasks:
        np.testing.assert_array_equal(recorded.label(task), frame[task.label].astype(np.float32))
        served = "y_spent" if task.name == "spent" else f"probs_{task.name}"
        np.testing.assert_allclose(recorded.predictions[task.name], predicted[served], rtol=1e-6)
    assert set(recorded.logits) == set(TASKS[:count]) - {"spent"}
    for name, logit in recorded.logits.items():
        np.testing.assert_allclose(logit, predicted[f"logits_{name}"], rtol=1e-5, atol=1e-6)
    assert set(recorded.inside) == set(TASKS[:count]) & {"buy"}
    for inside in recorded.inside.values():
        np.testing.assert_array_equal(inside, frame["click"])


def test_summaries_show_every_tasks_rate_and_loss(trained: Trained) -> None:
    count, pipeline, _, _ = trained
    tags = series_by_tag(pipeline.config.model_dir)
    for name in TASKS[:count]:
        loss = "l2_loss" if name == "spent" else "cross_entropy_loss"
        assert f"loss/{loss}_{name}" in tags
        assert (f"observed/{name}_rate" in tags) == (name != "spent")
        if name != "spent":  # means over a batch of rows in random order
            rate = np.mean([value for _, value in tags[f"observed/{name}_rate"]])
            assert rate == pytest.approx(rows()[name].mean(), abs=0.15)
            predicted = [value for _, value in tags[f"mean/probs_{name}"]]
            assert 0 < min(predicted) <= max(predicted) < 1


def test_the_gradient_cosine_is_that_of_the_first_task_against_the_others(trained: Trained) -> None:
    count, pipeline, _, _ = trained
    cosine = gradient_cosine(pipeline, batches=2)
    assert np.isnan(cosine) if count == 1 else -1 <= cosine <= 1
