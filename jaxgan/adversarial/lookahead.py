"""The lookahead: several differentiable updates of a player in one `jax.lax.scan`."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

from jaxgan.backend import in_force

Remat = bool | Literal["two_level"]
ScanUnroll = int | bool | Literal["auto"]
Gradient = Literal["second_order", "first_order"]


@dataclasses.dataclass(frozen=True)
class Unroll:
    """How far the generator looks ahead, and how that is computed and differentiated.

    Use when: the discriminator is much smaller than the generator, which then hops from mode to mode; also for data in
    two dimensions.

    Cost: an update of the discriminator for each step ahead, and a derivative through it.

    Time grows linearly with `steps`. What each step ahead adds to memory, and the operations of a long lookahead as
    multiples of those without `remat`:

    ============  ===============================================================  ==========
    `remat`       kept for the backward pass                                       operations
    ============  ===============================================================  ==========
    False         the activations of every update                                  1
    True          the discriminator and its moments before every update            4/3
    "two_level"   the same, but 2 √steps times in all                              5/3
    ============  ===============================================================  ==========

    `python benchmarks/benchmark.py --sections memory` measures both: 100 steps ahead of the networks of Metz et al. at
    a batch of 512 take 641, 28 and 13 MiB.

    Reference:
      Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", 2017, section 2.2.
    """

    steps: int = 0
    """Discriminator updates that the generator looks ahead; 0 is the plain GAN."""
    remat: Remat = False
    """Recompute each lookahead step in the backward pass instead of storing it. "two_level" does not store every
    player either but one in √steps, and recomputes those between."""
    scan_unroll: ScanUnroll = "auto"
    """Steps per turn of the compiled loop; True is straight-line code; "auto" is a real loop on TPU and GPU, and
    straight-line code on a CPU when there are few steps and nothing to recompute."""
    resample: bool = False
    """Draw a fresh batch for each lookahead step instead of keeping one, as in the paper."""
    gradient: Gradient = "second_order"
    """"second_order" differentiates through the updates; "first_order" takes the looked-ahead discriminator as
    given, which is cheaper and not what the paper does."""

    def __post_init__(self):
        _check(self.steps, self.remat, self.scan_unroll, self.gradient)


def _check(steps: int, remat: Remat, scan_unroll: ScanUnroll, gradient: str) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"the lookahead takes 0 or more steps, not {steps!r}")
    if not isinstance(remat, bool) and remat != "two_level":
        raise ValueError(f"remat is True, False or 'two_level', not {remat!r}")
    if scan_unroll != "auto" and (not isinstance(scan_unroll, int) or (scan_unroll is not False and scan_unroll < 1)):
        raise ValueError(f"scan_unroll is 'auto', True, False or a positive number, not {scan_unroll!r}")
    if remat and scan_unroll is True:
        raise ValueError(
            f"remat={remat!r} needs a loop: the compiler undoes it in straight-line code (scan_unroll=True)"
        )
    if gradient not in ("second_order", "first_order"):
        raise ValueError(f"the gradient is 'second_order' or 'first_order', not {gradient!r}")


def loop_unrolling(steps: int, remat: Remat = False, scan_unroll: ScanUnroll = "auto") -> int | bool:
    """What `jax.lax.scan(unroll=...)` is given: `scan_unroll` itself, or the choice that "auto" stands for."""
    if scan_unroll != "auto":
        return scan_unroll
    return in_force().straight_line(steps, recomputed=bool(remat))


def unrolled(
    update: Callable[..., tuple[Any, Any]],
    steps: int,
    *,
    remat: Remat = False,
    scan_unroll: ScanUnroll = "auto",
    gradient: Gradient = "second_order",
) -> Callable[..., tuple[Any, Any]]:
    """Repeats a differentiable update of a player: the bare lookahead.

    The result is differentiable with respect to the player and to everything that `update` closes over. All that the
    player carries goes through every step: parameters, batch statistics and the optimizer's own moments.

    Args:
      update: `update(player) -> (player, loss)`, or `update(player, batch) -> (player, loss)` when batches are given.
        `player` is any tree of arrays; its shapes and dtypes must not change.
      steps: how many updates, 0 or more.
      remat: recompute each step in the backward pass instead of storing it; see `Unroll`.
      scan_unroll: steps per turn of the compiled loop; see `Unroll`.
      gradient: "second_order" differentiates through the updates; "first_order" stops the gradient at the result.

    Returns:
      `lookahead(player, batches=None) -> (player, losses)`, where `batches` is a tree of arrays `[steps, ...]`, and
      `losses` stacks the losses, `[steps, ...]`.

    Raises:
      ValueError: an argument out of range.

    >>> def update(x):  # one step of gradient descent on x² / 2
    ...     return 0.9 * x, x**2 / 2
    >>> jax.grad(lambda x: unrolled(update, steps=2)(x)[0])(1.0).round(3)
    Array(0.81, dtype=float32, weak_type=True)
    """
    _check(steps, remat, scan_unroll, gradient)
    body = jax.checkpoint(update, prevent_cse=False) if remat else update  # a scan keeps CSE out by itself

    def one(player, batch):
        return body(player) if batch is None else body(player, batch)

    def several(player, batches, length):
        return jax.lax.scan(one, player, batches, length, unroll=loop_unrolling(length, remat, scan_unroll))

    def blocks(player, batches):
        """`several`, in blocks of √steps that are recomputed as a whole; what does not fill a block comes last."""
        length = max(math.isqrt(steps), 1)
        whole = steps // length
        block = jax.checkpoint(functools.partial(several, length=length), prevent_cse=False)
        cut = whole * length
        folded = jax.tree.map(lambda a: a[:cut].reshape(whole, length, *a.shape[1:]), batches)
        player, losses = jax.lax.scan(block, player, folded, whole)
        player, rest = several(player, jax.tree.map(lambda a: a[cut:], batches), steps - cut)
        return player, jax.tree.map(lambda a, b: jnp.concatenate([a.reshape(cut, *b.shape[1:]), b]), losses, rest)

    def lookahead(player, batches=None):
        ahead, losses = blocks(player, batches) if remat == "two_level" else several(player, batches, steps)
        return (jax.lax.stop_gradient(ahead), losses) if gradient == "first_order" else (ahead, losses)

    return lookahead
