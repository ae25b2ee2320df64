"""Generators and discriminators of sequences `[time, channels]`, recurrent or of causal convolutions."""

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.networks.convolution import causal_convolution
from jaxgan.networks.linen import from_linen
from jaxgan.networks.recurrent import GRU
from jaxgan.types import Array, Network
from jaxgan.types.checks import at_least

Memory: TypeAlias = Literal["recurrent", "convolution"]

_HE_NORMAL = jax.nn.initializers.he_normal()
_TAPS = 3


def sequence_generator(
    length: int,
    channels: int,
    *,
    width: int = 64,
    memory: Memory = "recurrent",
    noise: int = 0,
    output_activation: Callable[[Array], Array] | None = jnp.tanh,
) -> Network:
    """Makes a generator of sequences.

    One latent decides on the whole sequence: it sets where the recurrence starts and is an input at every step, or
    fills all steps before the convolutions. Each step also has a learned input of its own. With `noise`, every step
    sees fresh numbers beside it, and what it makes does not depend on the numbers of later steps. A generator with
    fresh noise alone has nothing to decide on the whole by.

    Args:
      length: steps of a sequence.
      channels: numbers at each step.
      width: units of the hidden layer.
      memory: "recurrent", gated recurrent units; or "convolution", residual blocks with dilations 1, 2, 4, ..., as many
        as it takes for the last step to see the first.
      noise: numbers of each step's own. They are the first `length * noise` columns of the latent; the rest, at least
        one, decides on the whole.
      output_activation: of the output, linear if None.

    Returns:
      A `Network` from latents `[n, latent_dim]` to `[n, length, channels]`; its features are the hidden states,
      `[n, length * width]`.

    Raises:
      ValueError: a count below 1, `noise` below 0, or an unknown `memory`; in use, a latent without a column for the
        whole.

    Reference:
      Esteban, Hyland, Rätsch, "Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs", 2017,
      arXiv:1706.02633, with noise alone; Wiese, Knobloch, Korn, Kretschmer, "Quant GANs: Deep Generation of
      Financial Time Series", 2020, for the convolutions.
    """
    for name, value in (("length", length), ("channels", channels), ("width", width)):
        at_least(name, value, 1)
    _check_memory(memory)
    if noise < 0:
        raise ValueError(f"noise must be how many numbers each step has of its own, 0 or more, got {noise}")
    return from_linen(_Generator(length, channels, width, memory, noise, output_activation), group=1)


def sequence_discriminator(
    *, width: int = 64, memory: Memory = "recurrent", out: int = 1, per_step: bool = False
) -> Network:
    """Makes a discriminator of sequences, whose length and channels it reads from the example.

    Args:
      width: units of the hidden layer.
      memory: as in `sequence_generator`.
      out: units of the output: 1 for a discriminator, `2 * latent_dim` for an encoder.
      per_step: whether there is a logit for each step, of what the sequence was until then, in place of one for the
        whole, as in Esteban et al. 2017. The generator can then please every step and ignore the whole.

    Returns:
      A `Network` from `[n, time, channels]` to `[n, out]`, or `[n, time]` with `per_step`. Its features are the mean of
      the hidden states and the last one, `[n, 2 * width]`.

    Raises:
      ValueError: a count below 1, an unknown `memory`, or `per_step` with more than one unit; in use, examples that are
        not `[n, time, channels]`.
    """
    at_least("width", width, 1)
    at_least("out", out, 1)
    _check_memory(memory)
    if per_step and out != 1:
        raise ValueError(f"per_step gives one logit for each step, so out must be 1, got {out}")
    return from_linen(_Discriminator(width, memory, out, per_step), group=1)


class _CausalConvolution(nn.Module):
    """`causal_convolution` with parameters of its own."""

    width: int
    dilation: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        kernel = self.param("kernel", _HE_NORMAL, (_TAPS, x.shape[-1], self.width))
        bias = self.param("bias", nn.initializers.zeros, (1, 1, self.width))
        return causal_convolution(x, kernel.astype(x.dtype), self.dilation) + bias.astype(x.dtype)


def _residual_blocks(x: Array, width: int) -> Array:
    """Blocks made inside the calling module, until the last of the steps sees the first."""
    for block in range(_blocks(x.shape[1])):
        y = _CausalConvolution(width, 2**block)(jax.nn.leaky_relu(x, 0.2))
        x = (x + y) * math.sqrt(0.5)  # the variance stays as it was
    return jax.nn.leaky_relu(x, 0.2)


def _blocks(length: int) -> int:
    """The least number b, at least 1, with 1 + (taps - 1) (1 + 2 + ... + 2^(b - 1)) >= length."""
    return max(1, math.ceil(math.log2((length - 1) / (_TAPS - 1) + 1)))


class _Generator(nn.Module):
    """The module behind `sequence_generator`, which documents and checks the attributes."""

    length: int
    channels: int
    width: int
    memory: Memory
    noise: int
    output_activation: Callable[[Array], Array] | None

    @nn.compact
    def __call__(self, z: Array, features: bool = False) -> Array:
        z = jnp.reshape(z, (z.shape[0], -1))
        own = self.length * self.noise
        if z.shape[1] <= own:
            raise ValueError(
                f"sequence_generator needs a latent of more than length * noise = {own} columns, got {z.shape[1]}"
            )
        noise, z = jnp.reshape(z[:, :own], (z.shape[0], self.length, self.noise)), z[:, own:]
        if self.memory == "recurrent":
            steps = self.param("steps", nn.initializers.zeros, (1, self.length, 3 * self.width)).astype(z.dtype)
            inputs = nn.Dense(3 * self.width, name="whole")(z)[:, None] + steps
            if self.noise:
                inputs += nn.Dense(3 * self.width, use_bias=False, name="noise")(noise)
            x = GRU(self.width)(inputs, jnp.tanh(nn.Dense(self.width, name="start")(z)))
        else:
            x = nn.Dense(self.length * self.width, name="whole")(z).reshape(-1, self.length, self.width)
            if self.noise:
                x += nn.Dense(self.width, use_bias=False, name="noise")(noise)
            x = _residual_blocks(x, self.width)
        if features:
            return x
        x = nn.Dense(self.channels, name="output")(x)
        return x if self.output_activation is None else self.output_activation(x)


class _Discriminator(nn.Module):
    """The module behind `sequence_discriminator`, which documents and checks the attributes."""

    width: int
    memory: Memory
    out: int
    per_step: bool

    @nn.compact
    def __call__(self, x: Array, features: bool = False) -> Array:
        if x.ndim != 3:
            raise ValueError(f"sequence_discriminator needs [n, time, channels], got {list(x.shape)}")
        if self.memory == "recurrent":
            start = jnp.zeros((x.shape[0], self.width), x.dtype)
            x = GRU(self.width)(nn.Dense(3 * self.width, name="input")(x), start)
        else:
            x = _residual_blocks(nn.Dense(self.width, name="input")(x), self.width)
        if self.per_step and not features:
            return nn.Dense(1, name="output")(x)[..., 0]
        x = jnp.concatenate([jnp.mean(x, axis=1), x[:, -1]], axis=1)
        return x if features else nn.Dense(self.out, name="output")(x)


def _check_memory(memory: str) -> None:
    if memory not in ("recurrent", "convolution"):
        raise ValueError(f"memory must be 'recurrent' or 'convolution', got {memory!r}")
