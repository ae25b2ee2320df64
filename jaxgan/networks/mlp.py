"""Multilayer perceptrons, for points in the plane and for anything else that may be read as a vector."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.networks.labels import check_conditional_norm
from jaxgan.networks.layers import GaussianNoise, apply_layer, maxout
from jaxgan.networks.layers import batch_norm as normalised
from jaxgan.networks.linen import from_linen
from jaxgan.networks.virtual_batch_norm import BatchNorm, with_reference
from jaxgan.types import Array, Network, checks

_HE_NORMAL = jax.nn.initializers.he_normal()


def mlp(
    widths: Sequence[int],
    out: int,
    *,
    activation: Callable[[Array], Array] = jax.nn.relu,
    output_activation: Callable[[Array], Array] | None = None,
    kernel_init: jax.nn.initializers.Initializer = _HE_NORMAL,
    bias: bool = True,
    input_scale: float = 1.0,
    batch_norm: BatchNorm = False,
    maxout: int = 1,
    dropout: float = 0.0,
    noise: float = 0.0,
    spectral_norm: bool = False,
    classes: int = 0,
) -> Network:
    """Makes a multilayer perceptron: hidden layers of `widths`, then a linear layer to `out`.

    A hidden layer is linear map, batch normalisation, activation, noise, dropout, in this order. An input that is not
    flat is flattened. The networks of the classic experiments with mixtures of Gaussians:

    ========================================  =====================================================================
    Metz, Poole, Pfau, Sohl-Dickstein,        generator `mlp([128, 128], 2, kernel_init=orthogonal(0.8))`,
    "Unrolled Generative Adversarial          discriminator `mlp([128], 1, input_scale=0.25,
    Networks", 2017, appendix A               kernel_init=orthogonal(0.8))`
    Lin, Khetan, Fanti, Oh, "PacGAN: The      generator `mlp([400] * 4, 2, batch_norm=True, bias=False,
    power of two samples in generative        kernel_init=normal(0.02))`, discriminator `mlp([200] * 3, 1, maxout=5,
    adversarial networks", 2018               kernel_init=normal(0.02))`
    ========================================  =====================================================================

    with `orthogonal` and `normal` from `jax.nn.initializers`.

    Args:
      widths: units of each hidden layer, at least one layer.
      out: units of the output; of an encoder, `2 * latent_dim`, mean and log-variance.
      activation: of the hidden layers, such as `jnp.tanh`.
      output_activation: of the output, linear if None.
      kernel_init: initialiser of all kernels, as in `jax.nn.initializers`. The default is He's, which keeps the
        variance through ReLU layers. Biases start at zero.
      bias: whether hidden layers add a bias; the output layer always does. Batch normalisation makes it redundant.
      input_scale: the input is multiplied by this.
      batch_norm: whether hidden layers normalise over the batch; running averages have momentum 0.9. "virtual" is
        `VirtualBatchNorm`, whose reference batch is the one that the network is initialised on.
      maxout: linear pieces per hidden unit. Above 1 the maximum over the pieces takes the place of `activation`.
      dropout: share of hidden activations set to zero in training mode, in [0, 1); above 0 training needs a key.
      noise: standard deviation of Gaussian noise on hidden activations in training mode; above 0 training needs a key.
      spectral_norm: whether all kernels are divided by their largest singular value.
      classes: above 0 a conditional network, whose batch normalisation has a gain and bias for each class, as in
        `ConditionalBatchNorm`; labels are int `[batch]`, or float `[batch, classes]`.

    Returns:
      A `Network` from `[batch, ...]` to `[batch, out]`, with the last hidden layer as its `features`.

    Raises:
      ValueError: a value out of range, or `classes` without `batch_norm=True`.
    """
    if not widths:
        raise ValueError(f"widths must name at least one hidden layer, got {widths!r}")
    for name, value in (*(("each of widths", width) for width in widths), ("out", out), ("maxout", maxout)):
        checks.at_least(name, value, 1)
    checks.between("dropout", dropout, 0, 1, ends="[)")
    checks.at_least("noise", noise, 0)
    check_conditional_norm(classes, batch_norm)
    return from_linen(
        _MLP(
            widths=tuple(widths),
            out=out,
            activation=activation,
            output_activation=output_activation,
            kernel_init=kernel_init,
            bias=bias,
            input_scale=input_scale,
            batch_norm=batch_norm,
            pieces=maxout,
            dropout=dropout,
            noise=noise,
            spectral_norm=spectral_norm,
            classes=classes,
        ),
        group=None if batch_norm is True or dropout or noise else 1,
        conditional=classes > 0,
    )


class _MLP(nn.Module):
    """The module behind `mlp`, which documents and checks the attributes."""

    widths: tuple[int, ...]
    out: int
    activation: Callable[[Array], Array]
    output_activation: Callable[[Array], Array] | None
    kernel_init: jax.nn.initializers.Initializer
    bias: bool
    input_scale: float
    batch_norm: BatchNorm
    pieces: int
    dropout: float
    noise: float
    spectral_norm: bool
    classes: int

    @nn.compact
    def __call__(self, x: Array, train: bool, features: bool = False, label: Array | None = None) -> Array:
        x, reference = jnp.reshape(x, (x.shape[0], -1)) * self.input_scale, 0
        if self.batch_norm == "virtual":
            x, reference = with_reference(self, x)
        for width in self.widths:
            dense = nn.Dense(width * self.pieces, use_bias=self.bias, kernel_init=self.kernel_init)
            x = apply_layer(dense, x, spectral_norm=self.spectral_norm, train=train)
            if self.batch_norm:
                x = normalised(x, label, classes=self.classes, train=train, reference=reference)
            x = self.activation(x) if self.pieces == 1 else maxout(x, self.pieces)
            x = GaussianNoise(self.noise)(x, train=train)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        x = x[reference:]
        if features:
            return x
        x = apply_layer(
            nn.Dense(self.out, kernel_init=self.kernel_init), x, spectral_norm=self.spectral_norm, train=train
        )
        return x if self.output_activation is None else self.output_activation(x)
