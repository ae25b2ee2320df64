"""Virtual batch normalisation: by the statistics of a batch that never changes, and of the example alone."""

from typing import Literal, TypeAlias

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.types import Array

# What networks take as `batch_norm`.
BatchNorm: TypeAlias = bool | Literal["virtual"]


def with_reference(module: nn.Module, x: Array) -> tuple[Array, int]:
    """Puts the reference batch in front of a batch, inside the `__call__` of the module that owns it.

    The reference is what the module was initialised on: for a discriminator the first real examples, for a generator
    as many latents. It lies in the collection `reference`, which `from_linen` keeps in `stats`, and nothing changes it.

    Args:
      module: from whose compact method this is called.
      x: `[batch, ...]`.

    Returns:
      `[reference + batch, ...]`, which goes through all layers, and how many of its rows are the reference; the caller
      drops them from the output, `y[reference:]`.
    """
    reference: Array = module.variable("reference", "batch", lambda: x).value
    return jnp.concatenate([reference.astype(x.dtype), x]), reference.shape[0]


class VirtualBatchNorm(nn.Module):
    """Normalises each example by the statistics of a reference batch and of itself: `gain (x - μ) / √(σ² + ε) + bias`.

    With n examples in the reference batch, μ and the mean square are those of the reference batch times `n / (n + 1)`
    plus those of the example times `1 / (n + 1)`, each over all positions of an image; σ² is the mean square without
    μ². The reference batch is normalised by its own statistics. So an example does not depend on the others of its
    minibatch, and sampling is as training. The paper gives no formula for how both are put together; this is that of
    the authors' program.

    Use when: batch normalisation makes the samples of one minibatch alike, or a gradient penalty needs logits that
    depend on their own example only.

    Cost: one more pass of the network on the reference batch, in sampling too.

    Attributes:
      reference: how many of the first rows are the reference batch, at least 1; see `with_reference`.
      epsilon: added to the variance.

    Reference:
      Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", 2016,
      arXiv:1606.03498, section 3.5.
    """

    reference: int
    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Normalises `x` `[reference + batch, ..., channels]`, in float32 or wider, and returns it in its own dtype.

        Raises:
          ValueError: a reference of no rows, or of more than there are.
        """
        if not 1 <= self.reference <= x.shape[0]:
            raise ValueError(f"the reference must be 1 to {x.shape[0]} of the rows, not {self.reference}")
        wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        reference, examples = wide[: self.reference], wide[self.reference :]
        mean, variance = _moments(reference, tuple(range(x.ndim - 1)))
        mean_of_one, variance_of_one = _moments(examples, tuple(range(1, x.ndim - 1)))
        share = 1.0 / (self.reference + 1)
        mean_of_both = (1 - share) * mean + share * mean_of_one
        # The mean square without the square of the mean, written so that nothing cancels.
        between = share * (1 - share) * (mean - mean_of_one) ** 2
        variance_of_both = (1 - share) * variance + share * variance_of_one + between
        gain = self.param("scale", nn.initializers.ones, x.shape[-1:])
        bias = self.param("bias", nn.initializers.zeros, x.shape[-1:])
        normalised = [
            (y - m) / jnp.sqrt(v + self.epsilon)
            for y, m, v in ((reference, mean, variance), (examples, mean_of_both, variance_of_both))
        ]
        shape = (1,) * (x.ndim - 1) + (-1,)
        return (jnp.concatenate(normalised) * gain.reshape(shape) + bias.reshape(shape)).astype(x.dtype)


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    return jnp.mean(x, axis=axes, keepdims=True), jnp.var(x, axis=axes, keepdims=True)
