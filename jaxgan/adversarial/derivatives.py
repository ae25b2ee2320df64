"""Derivatives by the right argument, inside a step and over the devices of a mapped axis.

Nothing here stops a gradient. What an inner gradient may not go through is a value that was computed outside of the
function that is differentiated, so that a caller's own derivative of the whole step meets all of it.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Params, PyTree


def _floating(leaf: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)


def _divided(tree: PyTree) -> tuple[PyTree, PyTree]:
    """A tree as two: its floating-point leaves, and the others; None stands where a leaf is in the other tree."""
    return (
        jax.tree.map(lambda leaf: leaf if _floating(leaf) else None, tree),
        jax.tree.map(lambda leaf: None if _floating(leaf) else leaf, tree),
    )


def _joined(floats: PyTree, others: PyTree) -> PyTree:
    return jax.tree.map(lambda a, b: b if a is None else a, floats, others, is_leaf=lambda leaf: leaf is None)


def linearised(
    function: Callable[..., tuple[PyTree, Any]], *arguments: PyTree
) -> tuple[PyTree, Any, Callable[[PyTree], tuple[PyTree, ...]]]:
    """Runs a function and keeps how its result depends on its arguments.

    Args:
      function: `function(*arguments) -> (result, aux)`.
      *arguments: trees of arrays; integers among them, such as labels, are held constant.

    Returns:
      `result`, `aux`, and `pull_back(cotangent of result) -> (gradient by each argument)`, where both hold None in the
      place of what is no floating-point number.
    """
    divided = [_divided(argument) for argument in arguments]

    def of_floats(*floats: PyTree) -> tuple[PyTree, Any]:
        joined = (_joined(f, others) for f, (_, others) in zip(floats, divided, strict=True))
        result, aux = function(*joined)
        of_result, others = _divided(result)
        return of_result, (others, aux)

    floats, pull_back, (others, aux) = jax.vjp(of_floats, *(f for f, _ in divided), has_aux=True)
    return _joined(floats, others), aux, lambda cotangent: pull_back(_divided(cotangent)[0])


def plus(a: PyTree, b: PyTree) -> PyTree:
    """The sum of two gradients."""
    return jax.tree.map(jnp.add, a, b)


def square_norm(tree: PyTree) -> Array:
    """Sum of the squares of all leaves, in float32 or wider."""
    squares = (jnp.sum(jnp.square(a.astype(jnp.promote_types(a.dtype, jnp.float32)))) for a in jax.tree.leaves(tree))
    return sum(squares, jnp.zeros((), jnp.float32))


def norm(tree: PyTree) -> Array:
    """Euclidean norm of all leaves; at zero it is exactly zero, and so is its derivative."""
    square = square_norm(tree)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)


def mean_over(axis_name: str | None, tree: Any) -> Any:
    """Averages floating-point arrays over the devices of a mapped axis, so that all hold the same; None is no axis."""
    if axis_name is None:
        return tree
    return jax.tree.map(lambda a: jax.lax.pmean(_varying(axis_name, a), axis_name) if _floating(a) else a, tree)


def each_devices_own(axis_name: str | None, tree: Any) -> Any:
    """Marks arrays as each device's own.

    Under `shard_map` the gradient by what all devices share is already a sum over them, which an average would take
    for one device's own. With this, `shard_map`, with `check_vma` or without, and `pmap` agree.
    """
    return tree if axis_name is None else jax.tree.map(lambda a: _varying(axis_name, a), tree)


def _varying(axis_name: str, x: Array) -> Array:
    """Marks an array as each device's own, which `pmap` and `shard_map(check_vma=False)` take every array for."""
    mapped = bool(jax.sharding.get_abstract_mesh().manual_axes)  # no axis of a vmap
    if not mapped or axis_name in jax.typeof(x).manual_axis_type.varying:
        return x
    return jax.lax.pcast(x, axis_name, to="varying")


def value_and_gradient(loss: Callable, params: Params, axis_name: str | None) -> tuple[tuple[Array, Any], Params]:
    """`jax.value_and_grad(loss, has_aux=True)(params)`, averaged over the devices of a mapped axis.

    What `loss` returns beside the value stays as it is.
    """
    (value, aux), gradient = jax.value_and_grad(loss, has_aux=True)(each_devices_own(axis_name, params))
    return (mean_over(axis_name, value), aux), mean_over(axis_name, gradient)
