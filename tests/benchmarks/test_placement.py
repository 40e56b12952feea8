from __future__ import annotations

from typing import Any, List

import tensorflow as tf

from benchmarks import placement
from benchmarks.placement import Copy
from easy_esmm.compat import v1


def graphs_of_two_devices() -> List[Any]:
    """Of exp on the first CPU, a sum of it on the second, and the sine of that on the first."""
    with tf.Graph().as_default():
        with tf.device("/cpu:0"):
            number = v1.placeholder(tf.float32, [3], name="number")
            exp = tf.exp(number, name="some_scope/exp")
        with tf.device("/cpu:1"):
            total = tf.reduce_sum(exp, name="total")
        with tf.device("/cpu:0"):
            sine = tf.sin(total, name="sine")
        config = v1.ConfigProto(device_count={"CPU": 2})
        options = v1.RunOptions(output_partition_graphs=True)
        metadata = v1.RunMetadata()
        with v1.Session(config=config) as session:
            for _ in range(2):  # of a step that is not the first, too
                metadata.Clear()
                session.run(sine, {number: [1.0, 2.0, 3.0]}, options, metadata)
    return list(metadata.partition_graphs)


def test_operations_are_listed_by_the_device_on_which_they_ran() -> None:
    found = placement.operations(graphs_of_two_devices())
    assert set(found) == {"CPU:0", "CPU:1"}
    assert found["CPU:0"]["Exp"] == found["CPU:0"]["Sin"] == found["CPU:1"]["Sum"] == 1
    assert "Sum" not in found["CPU:0"]
    assert "Exp" not in found["CPU:1"]


def test_copies_are_what_one_device_reads_of_another() -> None:
    graphs = graphs_of_two_devices()
    expected = [
        Copy("CPU:0", "CPU:1", "some_scope/exp", "float32"),
        Copy("CPU:1", "CPU:0", "total", "float32"),
    ]
    assert placement.copies(graphs) == expected
    assert placement.lines(graphs)[-3:] == [
        "2 copies between devices a step",
        "CPU:0 -> CPU:1  float32  some_scope/exp",
        "CPU:1 -> CPU:0  float32  total",
    ]


def test_a_tensor_that_stays_on_its_device_is_no_copy() -> None:
    graph = v1.GraphDef()
    node = graph.node.add(name="received", op="_HostRecv", device="/device:CPU:0")
    node.attr["send_device"].s = node.attr["recv_device"].s = b"/device:CPU:0"
    node.attr["tensor_name"].s = b"edge_7_total"
    node.attr["tensor_type"].type = tf.float32.as_datatype_enum
    assert placement.copies([graph]) == []
