"""Variables that are loaded and read: without the operations of a first value."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.compat import v1


def add_variable(like: Any, name: str, shape: Any, dtype: Any) -> Any:
    """A resource variable of the default graph, whose initializer is to be fed.

    `get_variable` would put its first value, and a test whether it has one, into the graph.
    `like` is any resource variable.
    """
    # A name that ends with a slash is taken as it is, whatever the scope.
    handle = tf.raw_ops.VarHandleOp(dtype=dtype, shape=shape, shared_name=name, name=f"{name}/")
    value = v1.placeholder(dtype, shape, name=f"{name}/Initializer/")
    assign = tf.raw_ops.AssignVariableOp(resource=handle, value=value, name=f"{name}/Assign/")
    read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype, name=f"{name}/Read/")
    definition = type(like.to_proto())(
        variable_name=handle.name,
        initializer_name=assign.name,
        snapshot_name=read.name,
        is_resource=True,
    )
    variable = type(like).from_proto(definition)
    v1.add_to_collection(v1.GraphKeys.GLOBAL_VARIABLES, variable)
    return variable
