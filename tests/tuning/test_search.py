"""Search spaces: how they are written, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import pytest

from easy_esmm.comparing.configs import Variant, read_variant
from easy_esmm.config import ConfigError
from easy_esmm.errors import UserError
from easy_esmm.tuning.search import Dimension, parse_search, require_valid, with_values

SAMPLE = str(Path(__file__).resolve().parents[2] / "samples" / "esmm.config")
RATE = (
    "train_config.optimizer_config.lazy_adam_optimizer.learning_rate.constant_learning_rate"
    ".learning_rate"
)
UNITS = "model_config.esmm.cvr_tower.dnn.hidden_units"


def variant() -> Variant:
    return read_variant("start", SAMPLE, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b=log(1e-4,1e-2)", Dimension("a.b", "log", 1e-4, 1e-2)),
        (" a.b = uniform( 0 , .5 ) ", Dimension("a.b", "uniform", 0.0, 0.5)),
        ("a[b=c].d=int(8,64,8)", Dimension("a[b=c].d", "int", 8, 64, 8)),
        ("a=int(-1,1)", Dimension("a", "int", -1, 1)),
        ("a=choice(1,2.5,true)", Dimension("a", "choice", choices=("1", "2.5", "true"))),
        ("a=choice([64,32],[128])", Dimension("a", "choice", choices=("[64, 32]", "[128]"))),
        ("a=choice(FP32, BF16)", Dimension("a", "choice", choices=('"FP32"', '"BF16"'))),
    ],
)
def test_spaces_are_read(text: str, expected: Dimension) -> None:
    assert parse_search([text]) == (expected,)


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        ([], "must be given"),
        (["a"], "must be PATH=SPACE with a space such as"),
        (["a=normal(0,1)"], "must be PATH=SPACE with a space such as"),
        (["a=log(0,1)"], "must begin above 0 for log"),
        (["a=log(2,1)"], "must have a lower end below the upper one"),
        (["a=uniform(1,1)"], "must have a lower end below the upper one"),
        (["a=uniform(nan,1)"], "must be log"),
        (["a=uniform(0,inf)"], "must be log"),
        (["a=uniform(0)"], "must be log"),
        (["a=int(0,1.5)"], "must be two whole numbers, and a step perhaps"),
        (["a=int(1,9,0)"], "must have a step of at least 1"),
        (["a=choice(1)"], "must choose among different values"),
        (["a=choice(1,1)"], "must choose among different values"),
        (["a=choice()"], "must choose among different values"),
        (["a=int(1,2)", "a=int(1,3)"], "must name each field once, and names a twice"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(texts: Any, rule: str) -> None:
    with pytest.raises(UserError, match=rf"^--search: {rule}"):
        parse_search(texts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{RATE}s=log(1e-4,1e-2)", "--search: .*learning_rates: unknown field"),
        (f"{RATE}=uniform(-1,1)", r"--search: .*learning_rate: must be .*, got -1"),
        ("data_config.batch_size=choice(64,2.5)", "--search: data_config.batch_size: must be"),
    ],
)
def test_both_ends_of_each_range_must_fit_the_config(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        require_valid(variant(), parse_search([text]))


def test_values_are_changes_of_the_config_in_the_order_of_the_space() -> None:
    space = parse_search([f"{RATE}=log(1e-4,1e-2)", f"{UNITS}=choice([8],[16,8])"])
    require_valid(variant(), space)
    values = {UNITS: "[16, 8]", RATE: 0.003}
    config = with_values(variant(), values, space).pipeline.config
    assert list(config.model_config.esmm.cvr_tower.dnn.hidden_units) == [16, 8]
    (optimizer,) = config.train_config.optimizer_config
    rate = optimizer.lazy_adam_optimizer.learning_rate.constant_learning_rate.learning_rate
    assert rate == pytest.approx(0.003)
    assert with_values(variant(), {}, space).pipeline.config == variant().pipeline.config


def test_a_dimension_reads_as_it_is_written() -> None:
    texts: Tuple[str, ...] = ("a=log(0.0001,0.01)", "b=int(8,64,8)", "c=choice(1,[2])")
    assert tuple(map(str, parse_search(texts))) == texts
