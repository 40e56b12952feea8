"""Products of a matrix with a kernel, to which vectors are added and by which they are scaled."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.values import Affine, Copied, Joined, Value

_MATRIX = 2


def computed(value: Affine) -> Tensor:
    """float32 [rows, units]."""
    product = tf.linalg.matmul(value.inputs, value.kernel)
    # As the bias of a layer, which TensorFlow computes together with the product.
    return product if value.shift is None else tf.nn.bias_add(product, value.shift)


def affine_value(rewrite: Any, operation: Any) -> Optional[List[Value]]:
    """The value of a product, or of one that is shifted or scaled; None of everything else."""
    rule = _RULES.get(operation.type)
    value = None if rule is None else rule(rewrite, operation)
    return None if value is None else [value]


def _product(rewrite: Any, operation: Any) -> Optional[Value]:
    matrix, kernel = operation.inputs
    if matrix.dtype != tf.float32 or not rewrite.is_known([kernel]):
        # (The product of a bfloat16 is rounded to 8 bits: a sum of two would be another number.)
        return None
    if operation.get_attr("transpose_a") or operation.get_attr("transpose_b"):
        return None
    value, of_all = rewrite.value(matrix), rewrite.tensor(kernel)
    if isinstance(value, Copied):
        return None  # row by row
    if not isinstance(value, Joined):
        return Affine(rewrite.tensor(matrix), of_all)
    own, copied = _parts(value, of_all)
    shift = tf.reshape(_side_by_side(*copied), [of_all.shape[1]])
    return Affine(tf.concat(own[0], 1), tf.concat(own[1], 0), shift) if own[0] else None


_Parts = Tuple[List[Tensor], List[Tensor]]
"""Some columns of a matrix, and the rows of the kernel that they are multiplied by."""


def _parts(value: Joined, kernel: Tensor) -> Tuple[_Parts, _Parts]:
    """Those that have rows of their own, and those that are copied."""
    own: _Parts = ([], [])
    copied: _Parts = ([], [])
    start = 0
    for part in value.parts:
        tensor = part.one if isinstance(part, Copied) else part.tensor
        width = tensor.shape[1]
        of_kind = copied if isinstance(part, Copied) else own
        of_kind[0].append(tensor)
        of_kind[1].append(kernel[start : start + width])
        start += width
    return own, copied


def _side_by_side(matrices: List[Tensor], kernels: List[Tensor]) -> Tensor:
    return tf.linalg.matmul(tf.concat(matrices, axis=1), tf.concat(kernels, axis=0))


def _added(rewrite: Any, operation: Any) -> Optional[Value]:
    """Of BiasAdd and AddV2, whose operands may stand in either order."""
    for product, vector in (operation.inputs, reversed(operation.inputs)):
        value = rewrite.value(product)
        shift = _vector(rewrite, vector, product) if isinstance(value, Affine) else None
        if shift is not None:
            return Affine(value.inputs, value.kernel, _sum(value.shift, shift))
    return None


def _subtracted(rewrite: Any, operation: Any) -> Optional[Value]:
    product, vector = operation.inputs
    value = rewrite.value(product)
    shift = _vector(rewrite, vector, product) if isinstance(value, Affine) else None
    if shift is None:
        return None
    return Affine(value.inputs, value.kernel, _sum(value.shift, -shift))


def _scaled(rewrite: Any, operation: Any) -> Optional[Value]:
    for product, vector in (operation.inputs, reversed(operation.inputs)):
        value = rewrite.value(product)
        if isinstance(value, Affine) and rewrite.is_known([vector]) and _has_units(vector, product):
            scale = rewrite.tensor(vector)
            shift = None if value.shift is None else value.shift * scale
            return Affine(value.inputs, value.kernel * scale, shift)
    return None


def _vector(rewrite: Any, operand: Tensor, product: Tensor) -> Optional[Tensor]:
    """[units]: what is added to each row of a product; None if that is not the same for all."""
    value = rewrite.value(operand)
    if isinstance(value, Copied) and value.one.shape.rank == _MATRIX:
        units = product.shape[1]
        return tf.reshape(value.one, [units]) if value.one.shape[1] == units else None
    is_same = rewrite.is_known([operand]) and _has_units(operand, product)
    return rewrite.tensor(operand) if is_same else None


def _has_units(vector: Tensor, product: Tensor) -> bool:
    return bool(vector.shape.rank == 1 and vector.shape[0] == product.shape[1])


def _sum(first: Optional[Tensor], second: Tensor) -> Tensor:
    return second if first is None else first + second


def _same(rewrite: Any, operation: Any) -> Optional[Value]:
    value: Value = rewrite.value(operation.inputs[0])
    return value if isinstance(value, Affine) else None


_RULES: Dict[str, Callable[[Any, Any], Optional[Value]]] = {
    "MatMul": _product,
    "BiasAdd": _added,
    "AddV2": _added,
    "Sub": _subtracted,
    "Mul": _scaled,
    "Identity": _same,
}
