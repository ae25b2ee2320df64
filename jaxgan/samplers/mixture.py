"""Mixtures of several trained generators, with weights that are fitted to the data."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.types import Array, Key, PyTree, State
from jaxgan.types.checks import at_least, between, positive

_STEPS = 2000


def mixture(samples: Sequence[Callable[..., PyTree]], weights: ArrayLike) -> Callable[..., PyTree]:
    """Draws each example from one of several samplers, chosen at random with its weight.

    Every sampler makes every example and one is kept, which is right for any n and any traced weights, and costs as
    many times as there are samplers: `mixture([gan.sample] * 2, weights)` has twice the parameters of one generator.
    Modes that none of them makes stay lost.

    Use when: several trainings kept different modes, or coverage must be sure and cost is no object.

    Cost: as many trainings as there are generators, and in sampling a pass of each.

    Args:
      samples: functions like `gan.sample`, one for each state; a sampler of this package is one too.
      weights: `[k]`, at least 0 and not all 0; normalised here.

    Returns:
      `sample(key, states, n, label=None) -> [n, ...]`, with as many states as samplers.

    Raises:
      ValueError: not as many weights, or states, as samplers; weights, where they are no tracers, that are negative,
        not finite or all 0.
    """
    shares = jnp.asarray(weights, float)
    if not samples or shares.shape != (len(samples),):
        raise ValueError(f"a mixture takes a weight for each of its {len(samples)} samplers, got shape {shares.shape}")
    at_least("each weight of a mixture", shares, 0)
    positive("the sum of the weights of a mixture", shares.sum())

    def sample(key: Key, states: Sequence[State], n: int, label: PyTree = None) -> PyTree:
        if len(states) != len(samples):
            raise ValueError(f"this mixture is of {len(samples)} samplers, and takes as many states, not {len(states)}")
        key_choice, *keys = jax.random.split(key, len(samples) + 1)
        choice = jax.random.categorical(key_choice, jnp.log(shares), shape=(n,))
        made = [draw(k, state, n, label) for draw, k, state in zip(samples, keys, states, strict=True)]
        return jax.tree.map(lambda *each: jnp.stack(each)[choice, jnp.arange(n)], *made)

    return sample


def mixture_weights(statistics: ArrayLike, target: ArrayLike) -> Array:
    """Computes the weights `w ≥ 0`, `Σ w = 1`, that minimise `‖Σ_i w_i s_i - t‖²`: least squares on the simplex.

    `s_i` is a mean over samples of generator i, and t the same over data. With the share of each class among its
    samples, as a classifier counts them, the mixture gets the class counts of the data as nearly as it can; with the
    mean of features, their mean. A class that no generator makes stays lost.

    Args:
      statistics: `[k, d]`, one row for each generator.
      target: `[d]`.

    Returns:
      `[k]`, by 2000 steps of an accelerated projected gradient.

    Raises:
      ValueError: shapes that do not fit.

    >>> mixture_weights([[1.0, 0.0], [0.0, 1.0]], [0.25, 0.75])
    Array([0.25, 0.75], dtype=float32)
    """
    rows, wanted = jnp.asarray(statistics, float), jnp.asarray(target, float)
    if rows.ndim != 2 or wanted.shape != rows.shape[1:] or 0 in rows.shape:
        raise ValueError(f"statistics [k, d] and a target [d] must share d, got {rows.shape} and {wanted.shape}")
    # Since Σ w = 1 the target can be taken from each row, which keeps what is small from being lost by rounding.
    rows = rows - wanted[None, :]
    gram = rows @ rows.T
    step = 1.0 / jnp.maximum(jnp.trace(gram), jnp.finfo(gram.dtype).tiny)

    def descend(i: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        w, ahead = carry
        after = _onto_simplex(ahead - step * (gram @ ahead))
        return after, after + i / (i + 3.0) * (after - w)

    start = jnp.full(rows.shape[0], 1.0 / rows.shape[0], rows.dtype)
    return jax.lax.fori_loop(0, _STEPS, descend, (start, start))[0]


def adagan_weights(ratios: ArrayLike, beta: float | Array) -> Array:
    """Computes AdaGAN's weights of the data for the next generator, `w_i = max(λ - (1 - β) r_i, 0) / (N β)`.

    λ is the number for which they sum to one; it always exists. Where the present mixture makes an example seldom, r is
    small and the weight is large. Train the next generator on data that are drawn with these weights, and give it the
    share β of the mixture: this is what can win a lost mode back, at the price of one more training.

    Args:
      ratios: `[N]`, 0 or more, how much oftener the mixture makes each example of the data than the data do:
        `(1 - D) / D` of a classifier D between data and mixture.
      beta: share of the next generator, in (0, 1]; 1/t in round t is the paper's uniform mixture.

    Returns:
      `[N]`, 0 or more, with the sum 1.

    Raises:
      ValueError: ratios that are no vector, or a share out of range.

    Reference:
      Tolstikhin, Gelly, Bousquet, Simon-Gabriel and Schölkopf, "AdaGAN: Boosting Generative Models", 2017.

    >>> adagan_weights([0.0, 0.0, 2.0, 2.0], 0.5)
    Array([0.5, 0.5, 0. , 0. ], dtype=float32)
    """
    between("the share of the next generator", beta, 0, 1, ends="(]")
    ratios = jnp.asarray(ratios, float)
    if ratios.ndim != 1 or not ratios.shape[0]:
        raise ValueError(f"ratios must be [N], one for each example, got shape {ratios.shape}")
    return _onto_simplex(-(1.0 - beta) * ratios / (ratios.shape[0] * beta))


def _onto_simplex(x: Array) -> Array:
    """The nearest point with coordinates of at least 0 that sum to 1: `max(x + τ, 0)`, with τ found by sorting."""
    falling = -jnp.sort(-x)
    count = jnp.arange(1, x.shape[0] + 1)
    shifts = (1.0 - jnp.cumsum(falling)) / count
    positive = jnp.sum(falling + shifts > 0)
    return jnp.maximum(x + shifts[positive - 1], 0.0)
