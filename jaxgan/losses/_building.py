"""How losses are put together of functions of logits, and what several of them compute."""

import math
from collections.abc import Callable

import jax.numpy as jnp

from jaxgan.types import AdversarialLoss, Array, Halves

LIMIT = 20.0  # e²⁰ is 5e8: beyond what a ratio of densities is told apart from, and far from float32's overflow


def checked(loss: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """The function, with a ValueError for logits that would broadcast or are of no known shape."""

    def checked(real_logits: Array, fake_logits: Array) -> Array:
        if real_logits.ndim not in (1, 2) or real_logits.shape != fake_logits.shape:
            raise ValueError(
                "a loss takes real and fake logits of the same shape [batch] or [batch, parts], "
                f"not {list(real_logits.shape)} and {list(fake_logits.shape)}"
            )
        return loss(real_logits, fake_logits)

    return checked


def compared(
    discriminator: Callable[[Array, Array], Array],
    generator: Callable[[Array, Array], Array],
    halves: Halves | None = None,
) -> AdversarialLoss:
    """A loss of functions of real and fake logits, each part by itself."""
    return AdversarialLoss(checked(discriminator), checked(generator), halves)


def halved(
    real: Callable[[Array], Array], fake: Callable[[Array], Array], generator: Callable[[Array], Array]
) -> AdversarialLoss:
    """A loss that judges real examples and fakes apart."""
    return compared(lambda r, f: real(r) + fake(f), lambda r, f: generator(f), Halves(real, fake, generator))


def joint(
    name: str,
    parts: int,
    logit: Callable[[Array], Array],
    discriminator: Callable[[Array, Array], Array],
    generator: Callable[[Array, Array], Array],
    halves: Halves | None = None,
) -> AdversarialLoss:
    """A loss that reads all parts of an example together, `[batch, parts]`, and returns `[batch]`."""

    def fitting(loss: Callable[..., Array]) -> Callable[..., Array]:
        def fitted(*logits: Array) -> Array:
            shapes = [list(a.shape) for a in logits]
            if any(len(shape) != 2 or shape[1] != parts or shape != shapes[0] for shape in shapes):
                raise ValueError(
                    f"{name} reads {parts} logits of each example, of the same shape [batch, {parts}], "
                    f"not {' and '.join(map(str, shapes))}"
                )
            return loss(*logits)

        return fitted

    return AdversarialLoss(
        fitting(discriminator),
        fitting(generator),
        halves and Halves(*map(fitting, halves)),
        joint=True,
        logit=logit,
    )


def batch_mean(logits: Array) -> Array:
    """Mean over the batch, `[1]` or `[1, parts]`, taken in float32 or wider."""
    wide = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    return jnp.mean(wide, axis=0, keepdims=True).astype(logits.dtype)


def expm1(x: Array) -> Array:
    """`eˣ - 1`, above `LIMIT` its tangent there, so that neither it nor its derivative overflows."""
    return jnp.expm1(jnp.minimum(x, LIMIT)) + math.exp(LIMIT) * jnp.maximum(x - LIMIT, 0.0)
