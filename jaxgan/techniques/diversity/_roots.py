"""Square roots of matrices, with derivatives of every order also where eigenvalues are equal.

The derivative of an eigenvector divides by the gaps between eigenvalues, and that of a covariance of fewer examples
than features has many that are zero. The root itself is smooth: its derivative solves `S dS + dS S = dA`, and divides
by sums.
"""

import jax
import jax.numpy as jnp

from jaxgan.techniques.diversity._features import product
from jaxgan.types import Array

# Of matrices with eigenvalues of up to one: an eigenvalue is rounded to about 1e-7 in float32, and where it is zero the
# derivative of its root would be noise.
EPSILON = 1e-8


def root(a: Array) -> Array:
    """`√(A + ε I) - √ε I` of a symmetric positive semi-definite matrix `[n, n]`, so that the root of 0 is 0."""
    return _roots(a)[0] - EPSILON**0.5 * jnp.eye(a.shape[0], dtype=a.dtype)


@jax.custom_jvp
def trace_of_root(a: Array) -> Array:
    """The trace of `root(a)`; its derivative, `tr (A + ε I)^-½ dA / 2`, takes no further eigenvalues."""
    return jnp.trace(root(a))


@trace_of_root.defjvp
def _(primals, tangents):
    (a,), (da,) = primals, tangents
    s, inverse = _roots(a)
    return jnp.trace(s) - EPSILON**0.5 * a.shape[0], 0.5 * jnp.sum(inverse * da)


@jax.custom_jvp
def _roots(a: Array) -> tuple[Array, Array]:
    """`S = √(A + ε I)` and its inverse."""
    values, vectors = jnp.linalg.eigh(a)
    # Rounding leaves eigenvalues of zero on either side of it.
    roots = jnp.sqrt(jax.nn.relu(values) + EPSILON)[None, :]
    return product(vectors * roots, vectors.T), product(vectors / roots, vectors.T)


@_roots.defjvp
def _(primals, tangents):
    s, inverse = _roots(*primals)
    ds = _solved(s, *tangents)
    return (s, inverse), (ds, -product(product(inverse, ds), inverse))


def _solved(s: Array, r: Array) -> Array:
    """The `X` of `S X + X S = R`, differentiated by this equation and not through eigenvectors."""

    def solve(_, r: Array) -> Array:
        values, vectors = jnp.linalg.eigh(s)
        inner = product(product(vectors.T, r), vectors) / (values[:, None] + values[None, :])
        return product(product(vectors, inner), vectors.T)

    return jax.lax.custom_linear_solve(lambda x: product(s, x) + product(x, s), r, solve, symmetric=True)
