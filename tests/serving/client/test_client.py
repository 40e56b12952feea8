"""What a client asks and what it makes of the answers, with a model of a few lines of numpy."""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy as np
import pandas as pd
import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving import Client, RequestError
from easy_esmm.serving.client import client as module
from easy_esmm.serving.client.errors import Failure
from easy_esmm.serving.client.signatures import Signature, TensorSpec
from easy_esmm.serving.client.transport import ModelChoice, Transport

I64, F32, TEXT = np.dtype(np.int64), np.dtype(np.float32), np.dtype(object)
OUTPUTS = {name: TensorSpec(F32, (-1,)) for name in ("probs_ctr", "probs_ctcvr", "probs_cvr")}


def signature(**first: int) -> Signature:
    """Inputs user, item and price; `first`: sizes of their first dimensions."""
    kinds = {"user": I64, "item": TEXT, "price": F32}
    return Signature({n: TensorSpec(k, (first.get(n, -1),)) for n, k in kinds.items()}, OUTPUTS)


class Fake(Transport):
    """pCTR = (user % 10) / 10, pCVR = price / 100; NaN for a missing price."""

    address = "fake:1"

    def __init__(self) -> None:
        self.known = {"serving_default": signature(), "rank": signature(user=1)}
        self.asked: List[Tuple[str, Dict[str, Any]]] = []
        self.failures: List[Failure] = []
        self.told = 0
        self.is_closed = False
        self.short = False

    def signatures(self, model: ModelChoice, timeout: float) -> Mapping[str, Signature]:
        self.told += 1
        return self.known

    def predict(
        self, model: ModelChoice, name: str, signature: Signature, inputs: Any, timeout: float
    ) -> Dict[str, Any]:
        self.asked.append((name, dict(inputs)))
        if self.failures:
            raise self.failures.pop(0)
        pcvr = inputs["price"] / np.float32(100)
        pctr = np.broadcast_to((inputs["user"] % 10 / 10).astype(np.float32), pcvr.shape)
        outputs = {"probs_ctr": pctr, "probs_cvr": pcvr, "probs_ctcvr": pctr * pcvr}
        return {key: array[:-1] if self.short else array for key, array in outputs.items()}

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    transport = Fake()
    monkeypatch.setattr(module, "open_transport", lambda *_, **__: transport)
    yield transport
    assert transport.is_closed


ROWS = [{"user": 13, "item": "a", "price": 50}, {"user": None, "item": None, "price": None}]
ITEMS = {"item": ["a", "b", "c", "d"], "price": [10.0, 40.0, 20.0, 40.0]}


def test_rows_are_asked_as_the_signature_wants_them(fake: Fake) -> None:
    with Client("x:1") as client:
        scores = client.predict(ROWS)
    ((name, inputs),) = fake.asked
    assert name == "serving_default"
    assert {k: v.dtype for k, v in inputs.items()} == {"user": I64, "item": TEXT, "price": F32}
    assert inputs["user"].tolist() == [13, -(2**63)]
    assert inputs["item"].tolist() == [b"a", b""]
    np.testing.assert_array_equal(inputs["price"], [50, np.nan])
    np.testing.assert_allclose(scores["probs_ctcvr"], [0.15, np.nan], rtol=1e-6)


def test_a_frame_is_answered_by_a_frame_with_its_index(fake: Fake) -> None:
    with Client("x:1") as client:
        frame = pd.DataFrame(ROWS, index=["p", "q"]).astype({"user": "Int64"})
        scores = client.predict(frame)
    assert list(scores.index) == ["p", "q"]
    assert list(scores.columns) == list(OUTPUTS)


def test_many_rows_are_several_requests_answered_in_order(fake: Fake) -> None:
    rows = {"user": np.arange(23), "item": ["i"] * 23, "price": np.linspace(0, 22, 23)}
    with Client("x:1", rows_per_request=5, in_flight=3) as client:
        scores = client.predict(rows)
    assert sorted(len(inputs["user"]) for _, inputs in fake.asked) == [3, 5, 5, 5, 5]
    np.testing.assert_allclose(scores["probs_cvr"], np.arange(23) / 100, rtol=1e-6)


def test_no_rows_are_answered_without_a_request(fake: Fake) -> None:
    with Client("x:1") as client:
        scores = client.predict([])
        ranked = client.rank({"user": 1}, [], "pctr * price")
    assert {k: (v.shape, v.dtype) for k, v in scores.items()} == dict.fromkeys(OUTPUTS, ((0,), F32))
    assert {k: len(v) for k, v in ranked.items()} == dict.fromkeys(
        ("position", "pctr", "pcvr", "pctcvr", "score"), 0
    )
    assert fake.asked == []


def test_a_model_for_so_many_rows_gets_just_so_many(fake: Fake) -> None:
    fake.known = {"serving_default": signature(user=4, item=4, price=4)}
    rows = {"user": range(6), "item": ["i"] * 6, "price": range(6)}
    with Client("x:1") as client:
        scores = client.predict(rows)
    assert [len(inputs["price"]) for _, inputs in fake.asked] == [4, 4]
    np.testing.assert_allclose(scores["probs_cvr"], np.arange(6) / 100, rtol=1e-6)


def test_surplus_columns_are_told_once_or_refused(
    fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{**ROWS[0], "click": 1}]
    with Client("x:1") as client, caplog.at_level(logging.WARNING):
        client.predict(rows)
        client.predict(rows)
        client.rank({"user": 3}, {**ITEMS, "margin": [1, 2, 3, 4]}, "pctr * margin")
    told = [record.getMessage() for record in caplog.records]
    assert told == ["rows: model 'model' does not take 'click', left out; this is told once"]
    with Client("x:1", strict=True) as client, pytest.raises(UserError, match="does not take 'cl"):
        client.predict(rows)


def test_missing_columns_are_named_before_anything_is_asked(fake: Fake) -> None:
    with Client("x:1") as client, pytest.raises(UserError, match=r"2 columns .*'item', 'price'"):
        client.predict([{"user": 1}])
    assert fake.asked == []


def test_a_failure_keeps_the_words_of_the_server_and_tells_what_was_asked(fake: Fake) -> None:
    fake.failures = [Failure("INVALID_ARGUMENT", "bad tags", False)]
    with Client("x:1", label="canary") as client:
        with pytest.raises(RequestError) as caught:
            client.predict(ROWS)
        assert str(caught.value) == (
            "model 'model' label 'canary' at fake:1: INVALID_ARGUMENT: bad tags; asked: signature "
            "serving_default, rows 0 to 1 of 2"
        )
        assert caught.value.code == "INVALID_ARGUMENT"
        client.predict(ROWS)
    assert fake.told == 2  # the signature is asked for again: another version may have come


def test_a_busy_server_is_asked_again(fake: Fake) -> None:
    fake.failures = [Failure("UNAVAILABLE", "busy", True)] * 2
    with Client("x:1") as client:
        client.predict(ROWS)
        assert len(fake.asked) == 3
        fake.failures = [Failure("UNAVAILABLE", "busy", True)]
        with Client("x:1", retries=0) as other, pytest.raises(RequestError, match="busy"):
            other.predict(ROWS)


def test_an_answer_of_another_size_is_refused(fake: Fake) -> None:
    fake.short = True
    with Client("x:1") as client, pytest.raises(RequestError, match=r"2 rows asked, probs_.*\[1\]"):
        client.predict(ROWS)


def test_rows_are_no_request_of_a_user_with_items(fake: Fake) -> None:
    with Client("x:1") as client, pytest.raises(UserError, match="rank takes one user: call rank"):
        client.predict(ROWS, signature="rank")


def test_a_package_that_is_not_there_is_named_with_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for package, speaker, address in (
        ("grpc", "grpc_transport", "x:1"),
        ("requests", "rest", "http://x:1"),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"easy_esmm.serving.client.{speaker}", raising=False)
        with pytest.raises(UserError, match=r"Client needs the package .*easy_esmm\[client\]'"):
            Client(address)


def test_an_unknown_signature_is_told_with_those_that_are_there(fake: Fake) -> None:
    with (
        Client("x:1") as client,
        pytest.raises(UserError, match="has serving_default, rank, not 'x"),
    ):
        client.predict(ROWS, signature="x")


def test_the_user_goes_once_with_each_request_where_the_model_takes_it_so(fake: Fake) -> None:
    with Client("x:1", rows_per_request=3) as client:
        ranked = client.rank({"user": 5}, ITEMS)
    sizes = sorted((name, len(i["user"]), len(i["price"])) for name, i in fake.asked)
    assert sizes == [("rank", 1, 1), ("rank", 1, 3)]
    assert ranked["position"].tolist() == [1, 3, 2, 0]
    np.testing.assert_allclose(ranked["pctr"], 0.5)
    np.testing.assert_allclose(ranked["pcvr"], [0.4, 0.4, 0.2, 0.1], rtol=1e-6)
    np.testing.assert_allclose(ranked["score"], [0.2, 0.2, 0.1, 0.05], rtol=1e-6)
    assert ranked["score"].dtype == np.float64


@pytest.mark.parametrize("has_rank", [True, False])
def test_a_model_without_rank_gives_the_same_answers(fake: Fake, has_rank: bool) -> None:
    if not has_rank:
        del fake.known["rank"]
    with Client("x:1") as client:
        ranked = client.rank({"user": 5, "item": "x"}, {"price": ITEMS["price"]}, "pctr*price")
    ((name, inputs),) = fake.asked
    assert name == ("rank" if has_rank else "serving_default")
    assert len(inputs["user"]) == (1 if has_rank else 4)
    assert inputs["item"].tolist() == [b"x"] * 4  # of the user, though not a column of the user's
    np.testing.assert_allclose(ranked["score"], [20, 20, 10, 5])


def test_columns_of_the_user_that_differ_by_item_are_asked_row_by_row(fake: Fake) -> None:
    with Client("x:1") as client:
        ranked = client.rank({}, {**ITEMS, "user": [1, 2, 3, 4]}, order="given")
    assert [name for name, _ in fake.asked] == ["serving_default"]
    np.testing.assert_allclose(ranked["pctr"], [0.1, 0.2, 0.3, 0.4])


def test_items_in_a_frame_keep_their_index(fake: Fake) -> None:
    frame = pd.DataFrame(ITEMS, index=["w", "x", "y", "z"])
    with Client("x:1") as client:
        best = client.rank({"user": 5}, frame, "price - 2 * pctr")
        given = client.rank({"user": 5}, frame, order="given")
    assert list(best.index) == ["x", "z", "y", "w"]
    assert list(best.columns) == ["position", "pctr", "pcvr", "pctcvr", "score"]
    assert list(given.index) == ["w", "x", "y", "z"]


def test_a_score_that_is_no_number_is_refused_or_goes_last(fake: Fake) -> None:
    items = {"item": ["a", "b", "c"], "price": [None, 3.0, 5.0], "bid": [1.0, None, 2.0]}
    with Client("x:1") as client:
        with pytest.raises(
            UserError, match=r"not finite for 2 of 3 items \(item 0: nan of pctr 0.5"
        ):
            client.rank({"user": 5}, items, "pctr * price * bid")
        ranked = client.rank({"user": 5}, items, "pctr * price * bid", not_finite="last")
    assert ranked["position"].tolist() == [2, 0, 1]
    np.testing.assert_array_equal(ranked["score"], [5.0, np.nan, np.nan])


def test_equal_scores_keep_the_order_of_the_items_and_infinite_ones_come_last(fake: Fake) -> None:
    numbers = list(range(40))
    bids = [1000.0 if number == 3 else number % 2 for number in numbers]
    items = {"item": ["i"] * 40, "price": [1.0] * 40, "bid": bids}
    with Client("x:1") as client:
        ranked = client.rank({"user": 5}, items, "exp(bid)", not_finite="last")
    odd = [number for number in numbers[1::2] if number != 3]
    assert ranked["position"].tolist() == [*odd, *numbers[::2], 3]
    assert ranked["score"][-1] == np.inf


def test_booleans_of_items_are_conditions_and_numbers(fake: Fake) -> None:
    items = {**ITEMS, "is_new": [True, False, True, None]}
    formula = "(is_new & price < 30) * 2 + is_new + price / 100"
    with Client("x:1") as client:
        ranked = client.rank({"user": 5}, items, formula, not_finite="last", order="given")
        with pytest.raises(UserError, match="must be a condition, which '!' wants"):
            client.rank({"user": 5}, items, "!price")
    np.testing.assert_allclose(ranked["score"], [3.1, 0.4, 3.2, np.nan], rtol=1e-6)


@pytest.mark.parametrize(
    ("user", "items", "options", "message"),
    [
        (
            {"user": 1, "price": 2},
            ITEMS,
            {},
            "user, items: 'price' stand in both; give each in one",
        ),
        ({"user": 1}, {"price": [1]}, {}, "user, items: missing column of the model: 'item'"),
        ({"user": 1}, ITEMS, {"score": "pctr * bid"}, "not 'bid', at character 8"),
        ({"user": 1}, {**ITEMS, "pctr": [1] * 4}, {"score": "pctr"}, "pctr is an output of the mo"),
        ({"user": 1}, ITEMS, {"score": "pctr * item"}, "column 'item': must be a number, got 'a'"),
        ({"user": 1}, ITEMS, {"order": "worst"}, "order: must be best or given, got 'worst'"),
        ({"user": 1}, ITEMS, {"not_finite": "x"}, "not_finite: must be refuse or last, got 'x'"),
        ([1], ITEMS, {}, "user: must be a dict, got list"),
    ],
)
def test_what_cannot_be_ranked_is_told(
    fake: Fake, user: Any, items: Any, options: Any, message: str
) -> None:
    with Client("x:1") as client, pytest.raises(UserError, match=message):
        client.rank(user, items, **options)


def test_outputs_of_towers_with_other_names_are_named(fake: Fake) -> None:
    renamed = {"probs_click": OUTPUTS["probs_ctr"], "probs_buy": OUTPUTS["probs_cvr"]}
    fake.known = {"serving_default": Signature(signature().inputs, renamed)}
    ask = fake.predict
    fake.predict = lambda *arguments: dict(  # type: ignore[method-assign]
        zip(("probs_click", "probs_ctcvr", "probs_buy"), ask(*arguments).values())
    )
    with Client("x:1", outputs={"pctr": "probs_click"}) as client:
        ranked = client.rank({"user": 5}, ITEMS, "pctr")
        assert sorted(ranked) == ["pctr", "position", "score"]
        with pytest.raises(UserError, match="not 'pctcvr', at character 1"):
            client.rank({"user": 5}, ITEMS)
    rule = "outputs: the model gives probs_click, probs_buy, not probs_x"
    with Client("x:1", outputs={"pctr": "probs_x"}) as client, pytest.raises(UserError, match=rule):
        client.rank({"user": 5}, ITEMS, "pctr")


def test_threads_share_a_client(fake: Fake) -> None:
    barrier = threading.Barrier(8)

    def ask(number: int) -> float:
        barrier.wait()
        rows = [{"user": 1, "item": "i", "price": number}] * 7
        return float(client.predict(rows)["probs_cvr"][6])

    with Client("x:1", rows_per_request=3, in_flight=2) as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    np.testing.assert_allclose(found, np.arange(8) / 100, rtol=1e-6)


def test_the_config_knows_the_names_of_the_towers(fake: Fake, tmp_path: Path) -> None:
    sample = (Path(__file__).parents[3] / "samples" / "esmm.config").read_text()
    renamed = sample.replace('tower_name: "ctr"', 'tower_name: "click"')
    assert renamed != sample
    (tmp_path / "pipeline.config").write_text(renamed)
    outputs = {"probs_click": OUTPUTS["probs_ctr"], "y_cvr": OUTPUTS["probs_cvr"]}
    fake.known = {"serving_default": Signature(signature().inputs, outputs)}
    ask = fake.predict
    fake.predict = lambda *arguments: dict(  # type: ignore[method-assign]
        zip(("probs_click", "y_cvr", "probs_ctcvr"), ask(*arguments).values())
    )
    with Client("x:1", pipeline_config=str(tmp_path / "pipeline.config")) as client:
        ranked = client.rank({"user": 5}, ITEMS, "pctr * y_cvr")
        np.testing.assert_allclose(ranked["pctr"], 0.5)
        with pytest.raises(UserError, match="not 'pcvr', at character 1"):  # the tower has a value
            client.rank({"user": 5}, ITEMS, "pcvr")


@pytest.mark.parametrize("address", ["", "localhost", "http://", "ftp://host:1", "host:port"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="address: must be HOST:PORT for gRPC, or http://HOST:PO"):
        Client(address)


def test_a_config_is_read_where_its_vocabulary_is_not(tmp_path: Path) -> None:
    sample = Path(__file__).parents[3] / "samples" / "esmm_derived_features.config"
    config = sample.read_text().replace("samples/esmm_derived_features.devices.txt", "gone.txt")
    (tmp_path / "pipeline.config").write_text(config)
    Client("x:1", pipeline_config=str(tmp_path / "pipeline.config")).close()
    with pytest.raises(UserError, match=r"absent\.config"):
        Client("x:1", pipeline_config="absent.config")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": 1, "label": "x"}, "version and label: give one of them, got both"),
        ({"deadline": 0}, "deadline: must be above 0 and at most 100,000 seconds, got 0"),
        ({"deadline": float("inf")}, "deadline: must be .* got inf"),
        ({"retries": -1}, "retries: must be 0 or more, got -1"),
        ({"rows_per_request": 0}, "rows_per_request: must be 1 or more, got 0"),
        ({"in_flight": 0}, "in_flight: must be 1 or more, got 0"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Client("x:1", **options)
