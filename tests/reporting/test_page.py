"""The page, of made rows: what it shows, and what it leaves out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, List, Optional, Tuple

import numpy as np
import pytest
from google.protobuf import text_format

from easy_esmm.contract import Kind
from easy_esmm.estimator.importance import Permuted, PermutedInputs
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.evaluated import Evaluated, TableNorms
from easy_esmm.reporting.measures.curves import auc
from easy_esmm.reporting.measures.importance import importance
from easy_esmm.reporting.measures.norms import norms_by_frequency
from easy_esmm.reporting.measures.task_rows import Coded, task_rows
from easy_esmm.reporting.page import page
from easy_esmm.simulation.truth import Truth
from tests.reporting.measures.making import plain_rows, rows

BAD = "<script>x</script>\N{SNOWMAN}"
SECTIONS = [
    *("tasks", "learning", "ranking", "calibration", "selection", "importance", "slices"),
    *("users", "propensities", "embeddings", "config"),
]
CONFIG = text_format.Parse(
    """
    model_dir: "runs/first"
    model_config { model_class: "ESMM" esmm {
      ctr_tower { tower_name: "ctr" } cvr_tower { tower_name: "cvr" } } }
    """,
    PipelineConfig(),
)


class Page(HTMLParser):
    """Open tags, ids, links, and what is written outside of tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: List[str] = []
        self.tags: List[str] = []
        self.attributes: List[Tuple[str, Optional[str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def evaluated(data: RecordedRows, config: PipelineConfig = CONFIG, **others: Any) -> Evaluated:
    counts = {"count/impressions": len(data.weight)}
    if data.tasks.entire_space is not None:
        counts["count/clicks"] = data.click.sum()
        counts["count/conversions"] = (data.conversion != 0).sum()
    metrics = {name: float(value) for name, value in counts.items()}
    return Evaluated(
        config=config,
        config_text="a: <b>",
        checkpoint="runs/first/model.ckpt-12",
        data="x.csv",
        metrics={**metrics, **others.pop("metrics", {})},
        rows=data,
        tasks=task_rows(data),
        **others,
    )


@pytest.fixture(scope="module")
def full() -> Evaluated:
    """Everything a page can hold."""
    random = np.random.default_rng(7)
    size = 6000
    shop = Coded(random.integers(1, 4, size).astype(np.uint16), ["other values", "a", BAD, ""])
    data = rows(size, user=random.integers(0, 300, size))
    # Predicted 3 times too low for the shop with the bad name.
    bad = shop.codes == 2
    data.pctr[bad] /= 3
    curve = [(0, 0.7), (10, 0.6), (20, 0.5)]
    rate = np.full(size, 0.25)
    return evaluated(
        data,
        columns={"shop<": shop},
        training={"loss/ctr<": curve, "loss/total": curve, "gradient_norm": curve},
        evaluations={"loss/loss/ctr<": curve, "auc_ctr": curve, "pcoc_cvr_masked": curve},
        tables=[
            TableNorms(
                "embedding/all/shop<", 9, 4, norms_by_frequency(np.ones((9, 4)), np.arange(9))
            )
        ],
        user_column="user<",
        importance=importance(Permuted(data, [(PermutedInputs("shop<", ("shop<",)), data)] * 17)),
        truth=Truth(
            np.arange(size), data.click, data.conversion, rate, rate, rate, rate, data.click
        ),
        metrics={"propensity/clipped_share": 0.125, "truth/cvr_bias_ratio": 1.5},
    )


def test_a_page_is_well_formed_links_inside_itself_and_loads_nothing(full: Evaluated) -> None:
    text = page(full)
    found = Page(text)
    assert found.open == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(found.tags)
    assert not re.search(r"https?://|url\(|@import| on\w+=|srcset", text)
    ids = [value for name, value in found.attributes if name == "id"]
    links = [value for name, value in found.attributes if name == "href"]
    assert ids == SECTIONS
    assert links == [f"#{anchor}" for anchor in SECTIONS]
    assert "prefers-color-scheme: dark" in text
    assert "nan" not in found.words.lower().split()
    assert not re.search(r'"[^"]*\bnan\b[^"]*"', text)


def test_each_picture_says_in_words_what_it_shows(full: Evaluated) -> None:
    text = page(full)
    pictures = re.findall(r"<svg [^>]*>", text)
    charts = [tag for tag in pictures if "aria-hidden" not in tag]
    # losses and metrics, curves, reliability, selection, users, weights, tables
    assert len(charts) == 4 + 6 + 3 + 3 + 3 + 1 + 1
    assert all(re.search(r'role="img" aria-label="[^"]{10,}"', tag) for tag in charts)


def test_values_columns_tags_and_config_are_escaped(full: Evaluated) -> None:
    text = page(full)
    assert "<script" not in text
    words = Page(text).words
    for shown in (f"shop< = {BAD}", "users of the column user<", "all/shop<", "ctr<", "a: <b>"):
        assert shown in words


def test_the_areas_are_those_of_all_rows(full: Evaluated) -> None:
    words = Page(page(full)).words
    for task in full.tasks:
        assert f"AUC {auc(task)[0]:.4f} (s.e. " in words


def test_the_impressions_of_users_are_named_so_beside_every_task(full: Evaluated) -> None:
    heads = "impressions of the useruserstheir impressionsusers with both classesAUCs.e."
    assert Page(page(full)).words.count(heads) == len(full.tasks) == 3


def test_the_value_that_is_predicted_worst_stands_first_in_bold(full: Evaluated) -> None:
    first = re.search(r"<tr( class=marked)?><td[^>]*>(shop&lt; = [^<]*)</td>", page(full))
    assert first is not None
    assert first.group(1)
    assert first.group(2).startswith("shop&lt; = &lt;script&gt;")


def test_figures_of_the_model_and_of_the_truth_are_shown(full: Evaluated) -> None:
    words = Page(page(full)).words
    assert "clipped share, as the model trains0.125" in words
    assert "bias ratio: mean pCVR / mean true CVR, all impressions1.5000" in words
    assert "CVR over all impressions by decile of pCTR" in words


def test_selection_sets_clicked_rows_beside_the_others_and_pcvr_beside_the_truth() -> None:
    data = rows(
        4,
        click=[1, 1, 0, 0],
        conversion=[1, 0, 0, 0],
        pctr=[0.5, 0.1, 0.4, 0.2],
        pcvr=[0.4, 0.2, 0.1, 0.1],
        weight=[1, 3, 2, 2],
    )
    true, other = np.array([0.3, 0.05, 0.15, 0.25]), np.zeros(4)
    truth = Truth(np.arange(4), data.click, data.conversion, other, true, other, other, data.click)
    text = page(evaluated(data, truth=truth))
    # clicked (.4 + 3 x .2) / 4; not clicked .1; all (1 + .4) / 8 = .175; .25 / .175 = 1.4286
    assert ">clicked: mean 25%<" in text
    assert ">not clicked: mean 10%<" in text
    assert "mean of clicked / mean of all: 1.43<" in text
    # each row is a group, by pCTR: the second, the fourth, the third, the first
    assert re.findall(r"<title>(true [^<]*)</title>", text) == [
        "true 5.0%, mean pCVR 20%",
        "true 25%, mean pCVR 10%",
        "true 15%, mean pCVR 10%",
        "true 30%, mean pCVR 40%",
    ]
    of_clicks = re.findall(r"<title>(mean pCTR [^(<]*)", text)
    assert of_clicks == [
        "mean pCTR 10%: predicted 20%, observed 0% ",
        "mean pCTR 50%: predicted 40%, observed 100% ",
    ]


def test_without_files_user_or_truth_a_line_says_how_to_get_them() -> None:
    words = Page(page(evaluated(rows(300)))).words
    assert "The model_dir holds no event files" in words
    assert "No column names the user: give --user_column NAME" in words
    assert "on simulated rows --truth adds it" in words
    assert "No column with one value a row was recorded." in words
    assert "The model reads no embedding table of ids." in words


def test_a_value_tower_leaves_out_what_needs_probabilities() -> None:
    config = PipelineConfig()
    config.CopyFrom(CONFIG)
    text_format.Merge("model_config { esmm { cvr_tower { loss_type: L2_LOSS } } }", config)
    data = rows(500, is_value=True)
    found = Page(page(evaluated(data, config, metrics={"pcoc_cvr_masked": 1.25})))
    assert [value for name, value in found.attributes if name == "id"] == [
        anchor for anchor in SECTIONS if anchor not in ("selection", "importance")
    ]
    assert "The CVR tower predicts a value, not a probability" in found.words
    assert "value of a click, clicked rows" in found.words
    assert "1.2500" in found.words
    assert "ROC: CTR" in found.words
    assert "ROC: CVR" not in found.words


@pytest.mark.parametrize("names", [["like"], ["click", "like"], ["a", "b", "c", "d", "e"]])
def test_a_model_outside_the_entire_space_has_its_tasks_and_no_selection(names: Any) -> None:
    data = plain_rows(*names)
    metrics = {f"count/positives_{name}": float(data.labels[name].sum()) for name in names}
    text = page(evaluated(data, metrics=metrics, user_column="user"))
    found = Page(text)
    assert found.open == []
    assert [value for name, value in found.attributes if name == "id"] == [
        anchor for anchor in SECTIONS if anchor not in ("selection", "importance", "propensities")
    ]
    for name in names:
        positives = float(data.labels[name].sum())
        share = f"{positives:.0f}positives of {name}, {positives / 400:.0%} of its rows"
        assert share in found.words
        (task,) = (task for task in task_rows(data) if task.key == name)
        assert f"AUC {auc(task)[0]:.4f} (s.e. " in found.words
        assert f"ROC: {name}, all rows" in found.words
    assert not {"CTR", "CVR", "pCVR", "clicks"} & set(re.findall(r"\w+", found.words))
    # each task has a colour of its own, and the page's style knows it
    tones = set(re.findall(r"tone\d", text.partition("</style>")[2])) - {"tone0"}
    assert len(tones) >= len(names)
    assert all(f".dot.{tone}" in text or tone == "tone1" for tone in tones)


def test_a_task_of_values_outside_the_entire_space_has_its_error_alone() -> None:
    words = Page(page(evaluated(plain_rows("price", kind=Kind.VALUE)))).words
    assert "value of price" in words
    assert "price: the model predicts a value, not a probability" in words


NAN = np.full(60, np.nan)


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        ({"click": np.zeros(60), "conversion": np.zeros(60)}, "No row was clicked"),
        ({"click": np.ones(60), "conversion": np.ones(60)}, "so there are no curves"),
        ({"weight": np.zeros(60)}, "There are no rows to group"),
        ({"ctr_logit": NAN, "pctr": NAN, "ctcvr_logit": NAN}, "60 rows have a prediction that is"),
        ({"pcvr": np.full(60, 0.5), "cvr_logit": np.zeros(60)}, "Distribution of pCVR"),
        ({"pctr": np.zeros(60), "ctr_logit": np.full(60, -200.0)}, "Propensity weights"),
    ],
    ids=["no click", "one class", "no weight", "no number", "constant", "underflow"],
)
def test_degenerate_rows_still_make_a_page(replaced: Any, expected: str) -> None:
    user = np.arange(60) // 3
    text = page(evaluated(rows(60, user=user, **replaced), user_column="user"))
    found = Page(text)
    assert found.open == []
    assert expected in found.words
    assert not re.search(r'(points|cx|cy|x1|y1)="[^"]*nan', text)
