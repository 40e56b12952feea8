"""The client with a gRPC service of TensorFlow Serving's own messages, and with the local server.

Both answer with the same exported model.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import grpc
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from easy_esmm.errors import UserError
from easy_esmm.serving import Client, RequestError
from easy_esmm.serving.local.http import Server
from easy_esmm.serving.local.loaded import LoadedModel
from easy_esmm.serving.local.models import Models
from easy_esmm.serving.local.routes import Routes
from tests.serving.conftest import USER, log, plain
from tests.serving.prediction_service import PredictionService, serving

ITEMS = ("item", "price", "rate", "tags", "weights")


@pytest.fixture(scope="module")
def grpc_server(exported: Path) -> Iterator[Tuple[PredictionService, str]]:
    with serving(exported) as found:
        yield found


@pytest.fixture(scope="module")
def rest_server(exported: Path) -> Iterator[str]:
    models = Models(str(exported), {"stable": int(exported.name)}, LoadedModel)
    models.refresh()
    server = Server(("localhost", 0), Routes("model", models))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    models.close()


@pytest.fixture
def addresses(grpc_server: Tuple[PredictionService, str], rest_server: str) -> Dict[str, str]:
    service, address = grpc_server
    service.asked.clear()
    service.faults.clear()
    return {"grpc": address, "rest": rest_server}


@pytest.fixture
def service(grpc_server: Tuple[PredictionService, str]) -> PredictionService:
    return grpc_server[0]


def client(address: str, exported: Path, **options: Any) -> Client:
    return Client(address, pipeline_config=str(exported / "assets" / "pipeline.config"), **options)


@pytest.mark.parametrize("how", ["grpc", "rest"])
def test_scores_are_those_of_predict_whatever_the_form_of_the_rows(
    addresses: Dict[str, str], exported: Path, expected: pd.DataFrame, how: str
) -> None:
    """Ids of 19 digits, missing values, lists and weights included."""
    with client(addresses[how], exported) as asking:
        of_frame = asking.predict(log())
        of_dicts = asking.predict(plain(log()))
        of_columns = asking.predict({name: list(log()[name]) for name in log()})
    for name in expected:
        np.testing.assert_array_equal(of_dicts[name], of_columns[name])
        np.testing.assert_array_equal(of_dicts[name], of_frame[name])
        assert of_dicts[name].dtype == np.float32
        np.testing.assert_allclose(of_dicts[name], expected[name], rtol=2e-6)
    assert len({*map(float, of_dicts["probs_ctr"])}) > 30


def test_rest_and_grpc_give_the_same_bits(addresses: Dict[str, str], exported: Path) -> None:
    rows = log()
    rows["city"] = [b"\xff\x00", "\u20ac\U0001f600\x00", *rows["city"][2:]]
    with client(addresses["grpc"], exported) as one, client(addresses["rest"], exported) as other:
        pd.testing.assert_frame_equal(one.predict(rows), other.predict(rows), check_exact=True)


@pytest.mark.parametrize("how", ["grpc", "rest"])
def test_serialised_examples_are_asked_by_their_signature(
    addresses: Dict[str, str], exported: Path, expected: pd.DataFrame, how: str
) -> None:
    row = tf.train.Example()
    for name, value in {**USER, "vip": 1, "age": 0}.items():
        if isinstance(value, int):
            row.features.feature[name].int64_list.value.append(value)
    for name, text in (("city", b"city 0"), ("item", b"i0")):
        row.features.feature[name].bytes_list.value.append(text)
    for name, number in (("price", 0.1), ("rate", 1.0)):
        row.features.feature[name].float_list.value.append(number)
    with client(addresses[how], exported) as asking:
        found = asking.predict([{"examples": row.SerializeToString()}], signature="examples")
    np.testing.assert_allclose(found["probs_ctcvr"], expected["probs_ctcvr"][:1], rtol=2e-6)


@pytest.mark.parametrize("how", ["grpc", "rest"])
def test_pieces_have_the_scores_of_the_whole(
    addresses: Dict[str, str], exported: Path, how: str
) -> None:
    with client(addresses[how], exported) as asking:
        whole = asking.predict(log())
    with client(addresses[how], exported, rows_per_request=7, in_flight=3) as asking:
        pd.testing.assert_frame_equal(asking.predict(log()), whole, rtol=2e-6)


@pytest.mark.parametrize("how", ["grpc", "rest"])
def test_ranked_items_have_the_scores_of_rows_with_that_user(
    addresses: Dict[str, str], exported: Path, service: PredictionService, how: str
) -> None:
    items = log()[[*ITEMS]].fillna({"price": 9.5})
    rows = items.assign(**{name: [value] * len(items) for name, value in USER.items()})
    with client(addresses[how], exported) as asking:
        ranked = asking.rank(USER, items, "pctr * pcvr ** 0.7 * price")
        asked = [request.model_spec.signature_name for request in service.asked]
        assert asked == (["rank"] if how == "grpc" else [])
        scores = asking.predict(rows)
    wide = scores.astype(np.float64)
    wanted = wide["probs_ctr"] * wide["probs_cvr"] ** 0.7 * items["price"]
    order = np.argsort(-wanted.to_numpy(), kind="stable")
    assert ranked["position"].tolist() == order.tolist()
    np.testing.assert_allclose(ranked["score"], wanted.iloc[order], rtol=5e-6)
    np.testing.assert_allclose(ranked["pctcvr"], scores["probs_ctcvr"].iloc[order], rtol=2e-6)


def test_the_model_name_version_and_label_are_asked_for(
    addresses: Dict[str, str], exported: Path
) -> None:
    for options in ({"version": 7}, {"label": "stable"}):
        with client(addresses["grpc"], exported, **options) as asking:
            assert len(asking.predict(log()[:2])) == 2
    for options in ({"version": int(exported.name)}, {"label": "stable"}):
        with client(addresses["rest"], exported, **options) as asking:
            assert len(asking.predict(log()[:2])) == 2


WRONG: List[Tuple[str, Dict[str, Any], str, str]] = [
    ("grpc", {"model": "half"}, "NOT_FOUND", "Servable not found for request: Latest(half)"),
    ("rest", {"model": "half"}, "NOT_FOUND", "Servable not found for request: Latest(half)"),
    ("grpc", {"label": "x"}, "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
    ("rest", {"label": "x"}, "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
    ("rest", {"version": 8}, "NOT_FOUND", "Servable not found for request: Specific(model, 8)"),
]


@pytest.mark.parametrize(("how", "options", "code", "message"), WRONG)
def test_what_the_server_refuses_is_told_in_its_words(
    addresses: Dict[str, str],
    exported: Path,
    how: str,
    options: Dict[str, Any],
    code: str,
    message: str,
) -> None:
    asking = client(addresses[how], exported, **options)
    with asking, pytest.raises(RequestError) as caught:
        asking.predict(log())
    assert caught.value.code == code
    assert message in str(caught.value)
    assert f"at {addresses[how]}: {code}" in str(caught.value)


def test_a_server_that_is_away_for_a_moment_is_asked_again(
    addresses: Dict[str, str], exported: Path, service: PredictionService
) -> None:
    with client(addresses["grpc"], exported) as asking:
        asking.predict(log())
        service.asked.clear()
        away = {"code": grpc.StatusCode.UNAVAILABLE, "message": "loading"}
        service.faults = [away, away]
        assert len(asking.predict(log())) == len(log())
        assert len(service.asked) == 3
        service.faults = [away] * 4
        with pytest.raises(RequestError, match="UNAVAILABLE: loading") as caught:
            asking.predict(log())
        assert caught.value.code == "UNAVAILABLE"
        service.faults = [{"code": grpc.StatusCode.INTERNAL, "message": "broken"}]
        service.asked.clear()
        with pytest.raises(RequestError, match="INTERNAL: broken"):
            asking.predict(log())
        assert len(service.asked) == 1


def test_an_answer_that_comes_too_late_is_not_waited_for(
    addresses: Dict[str, str], exported: Path, service: PredictionService
) -> None:
    end = threading.Event()
    with client(addresses["grpc"], exported) as asking:
        asking.predict(log())
        late = {"code": grpc.StatusCode.INTERNAL, "message": "late", "wait": end}
        service.faults, before = [late], len(service.asked)
        try:
            with pytest.raises(RequestError) as caught:
                asking.predict(log(), deadline=0.2)
        finally:
            end.set()
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert len(service.asked) == before + 1


@pytest.mark.parametrize("address", ["localhost:1", "http://localhost:1"])
def test_a_server_that_is_not_there_is_told_with_its_address(address: str) -> None:
    rule = rf"at {address}: UNAVAILABLE: .*refused"
    asking = Client(address, retries=1, deadline=5)
    with asking, pytest.raises(RequestError, match=rule) as caught:
        asking.predict([{"a": 1}])
    assert str(caught.value).endswith("asked: metadata")


def test_servers_behind_one_name_are_asked_in_turn(
    addresses: Dict[str, str], exported: Path, service: PredictionService
) -> None:
    with serving(exported) as (other, address):
        ports = [where.rpartition(":")[2] for where in (addresses["grpc"], address)]
        both = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        with client(both, exported) as asking:
            for _ in range(300):
                asking.predict(log()[:1])
                if service.asked and other.asked:
                    break
        assert service.asked
        assert other.asked


def test_the_port_of_the_other_protocol_is_told(addresses: Dict[str, str]) -> None:
    swapped = {"http://" + addresses["grpc"]: "leave out http://"}
    # (Of `localhost` gRPC may tell of the other address, at which nobody listens.)
    plain_address = addresses["rest"].replace("http://localhost", "127.0.0.1")
    swapped[plain_address] = "write http:// before the address"
    for address, hint in swapped.items():
        with Client(address, retries=0) as asking, pytest.raises(RequestError, match=hint):
            asking.signatures()


def test_lists_without_the_config_are_refused_rather_than_guessed(
    addresses: Dict[str, str],
) -> None:
    with Client(addresses["grpc"]) as asking, pytest.raises(UserError, match="got lists; join the"):
        asking.predict(log())
    text = log().assign(tags="t1;t2", weights="1;.5")
    with Client(addresses["grpc"]) as asking:
        assert len(asking.predict(text)) == len(text)


def test_what_the_model_refuses_comes_without_places_in_the_graph(
    addresses: Dict[str, str], exported: Path
) -> None:
    for how in ("grpc", "rest"):
        asking = client(addresses[how], exported)
        with asking, pytest.raises(RequestError) as caught:
            asking.predict(log()[:2].assign(city="x" * (2**20 + 1)))
        assert caught.value.code == "INVALID_ARGUMENT", how
        assert "city" in str(caught.value)
        assert "{{node" not in str(caught.value)


@pytest.mark.parametrize("how", ["grpc", "rest"])
def test_values_that_the_model_cannot_read_are_counted_by_row(
    addresses: Dict[str, str], exported: Path, how: str
) -> None:
    rows = log()[:3].assign(tags="t1;t2", weights=["1;much", "1;1", "x;y"])
    with client(addresses[how], exported) as asking:
        assert asking.predict(rows)["unreadable_values"].tolist() == [1, 0, 2]
        ranked = asking.rank(USER, rows[[*ITEMS]], order="given")
    assert ranked["unreadable_values"].tolist() == [1, 0, 2]
