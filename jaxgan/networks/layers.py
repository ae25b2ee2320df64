"""Layers against mode collapse and for image networks, as functions of arrays and as linen modules.

Dropout is linen's `Dropout`.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.networks.labels import class_weights
from jaxgan.networks.virtual_batch_norm import VirtualBatchNorm
from jaxgan.types import Array, Params, checks


def maxout(x: Array, pieces: int) -> Array:
    """Takes the maximum over groups of neighbouring units: `y[..., i] = max_j x[..., i * pieces + j]`.

    After a linear layer this is a maxout unit, a learned convex activation. Goodfellow, Warde-Farley, Mirza,
    Courville, Bengio, "Maxout Networks", 2013.

    Args:
      x: `[..., units * pieces]`.
      pieces: how many linear pieces each unit has, at least 1.

    Returns:
      `[..., units]`.

    Raises:
      ValueError: if the last axis does not divide into `pieces`.
    """
    if pieces < 1 or x.shape[-1] % pieces:
        raise ValueError(f"maxout needs a last axis that divides into {pieces} pieces, got shape {x.shape}")
    return jnp.max(jnp.reshape(x, (*x.shape[:-1], -1, pieces)), axis=-1)


def upsample_nearest(x: Array, factor: int = 2) -> Array:
    """Enlarges images by repeating each pixel `factor` times along both sides.

    Args:
      x: `[batch, height, width, channels]`.
      factor: at least 1.

    Returns:
      `[batch, height * factor, width * factor, channels]`.

    Raises:
      ValueError: if `x` is not a batch of images, or if `factor` is below 1.
    """
    checks.at_least("factor", factor, 1)
    if x.ndim != 4:
        raise ValueError(f"upsample_nearest needs [batch, height, width, channels], got shape {x.shape}")
    batch, height, width, channels = x.shape
    # A broadcast and a reshape in place of jnp.repeat, which raises under a mesh with explicit axes.
    repeated = jnp.broadcast_to(x[:, :, None, :, None, :], (batch, height, factor, width, factor, channels))
    return jnp.reshape(repeated, (batch, height * factor, width * factor, channels))


def minibatch_stddev(x: Array, group_size: int, *, eps: float = 1e-8) -> Array:
    """Appends to each example how much its group of examples varies, as one more channel.

    For a group `x_1 ... x_G` the channel is constant, `mean_f sqrt(var_i(x_i[f]) + eps)` with the mean over all
    positions and channels `f`. A discriminator with this layer sees that a batch lacks variety. Karras, Aila, Laine,
    Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018, section 3.

    Groups are contiguous, where the authors' code strides over the batch, so that a batch sharded over devices is
    grouped without communication. The statistic is in float32 or better.

    Use when: a discriminator of images shall see that its batch lacks variety; alone a weak cure.

    Cost: nothing to speak of.

    Args:
      x: `[batch, ..., channels]`, at least 2 axes.
      group_size: examples per group. A batch smaller than that is one group.
      eps: added to the variance, so that the gradient is finite where all examples of a group are equal.

    Returns:
      `[batch, ..., channels + 1]`, in the dtype of `x`.

    Raises:
      ValueError: if `group_size` is below 1, or if the batch does not divide into groups.
    """
    if group_size < 1:
        raise ValueError(f"minibatch_stddev needs a group_size of at least 1, got {group_size}")
    if x.ndim < 2:
        raise ValueError(f"minibatch_stddev needs [batch, ..., channels], got shape {x.shape}")
    group = min(group_size, x.shape[0])
    if x.shape[0] % group:
        raise ValueError(f"minibatch_stddev needs a batch that divides into groups of {group}, got shape {x.shape}")
    grouped = jnp.reshape(x, (-1, group, *x.shape[1:])).astype(jnp.promote_types(x.dtype, jnp.float32))
    stddev = jnp.sqrt(jnp.var(grouped, axis=1, keepdims=True) + eps)
    statistic = jnp.mean(stddev, axis=tuple(range(1, grouped.ndim)), keepdims=True).astype(x.dtype)
    channel = jnp.reshape(jnp.broadcast_to(statistic, (*grouped.shape[:-1], 1)), (*x.shape[:-1], 1))
    return jnp.concatenate([x, channel], axis=-1)


class MinibatchStddev(nn.Module):
    """`minibatch_stddev` as a layer.

    Use when: a discriminator of images shall see that its batch lacks variety; alone a weak cure.

    Cost: nothing to speak of.

    Attributes:
      group_size: examples per group.
      eps: added to the variance.
    """

    group_size: int = 4
    eps: float = 1e-8

    @nn.compact
    def __call__(self, x: Array) -> Array:
        return minibatch_stddev(x, self.group_size, eps=self.eps)


class GaussianNoise(nn.Module):
    """Adds `N(0, std² I)` to activations in training mode, drawn from the random stream "dropout".

    As in the program of Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, "Improved Techniques for Training GANs",
    2016, on the hidden layers of a discriminator, which it keeps from judging by single units. The logits of one
    example, and the gradient by it, depend on the key: penalties of jaxgan draw the noise of the real pass again.

    Use when: the discriminator knows its training examples by heart.

    Cost: nothing to speak of, but real and fake examples no longer share a pass.

    Attributes:
      std: 0 or more; at 0 nothing is drawn.
    """

    std: float

    @nn.compact
    def __call__(self, x: Array, *, train: bool) -> Array:
        """Adds noise to `x` of any shape."""
        if not train or self.std == 0:
            return x
        return x + jnp.asarray(self.std, x.dtype) * jax.random.normal(self.make_rng("dropout"), x.shape, x.dtype)


class SpectralNorm(nn.Module):
    """Applies a layer with its kernel divided by an estimate of the kernel's largest singular value.

    The estimate is `sigma = |W' v|` after one power iteration `v = W u / |W u|`, `u = W' v / |W' v|`, from the `u` of
    the last training call. The kernel of a convolution is read as the matrix `[height * width * inputs, features]`,
    biases stay as they are. Miyato, Kataoka, Koyama, Yoshida, "Spectral Normalization for Generative Adversarial
    Networks", 2018, algorithm 1.

    The authors hold `u` and `v` constant in the gradient, as does `flax.linen.SpectralNorm`. That is exact for the
    first derivative of a converged iteration and wrong for the second, which a differentiated lookahead takes: the
    singular vectors turn with the kernel. Here the gradient goes through the iteration, so derivatives of every order
    are those of what is computed.

    Use when: an image network trains with the hinge loss, in place of a gradient penalty. Gradients to the generator
    get smaller, and the norm of a reshaped kernel only bounds that of the convolution.

    Cost: two products of each kernel with a vector a pass: nothing to speak of.

    Attributes:
      layer: a linen layer without state, such as `nn.Dense(3)`.
      eps: added to squared norms before their root.
    """

    layer: nn.Module
    eps: float = 1e-12

    @nn.compact
    def __call__(self, x: Array, *, train: bool) -> Array:
        """Applies the normalised layer to `x`; with `train`, keeps `u` for the next call."""
        # Without a parent the layer is a pure function of the parameters, which this module owns.
        layer = self.layer.clone(parent=None, name=None)
        params: Params = self.param("weights", lambda key: layer.init(key, x)["params"])
        normalised = {
            name: self._normalised(name, value, train) if value.ndim > 1 else value for name, value in params.items()
        }
        return jnp.asarray(layer.apply({"params": normalised}, x))

    def _normalised(self, name: str, kernel: Array, train: bool) -> Array:
        """Divides `kernel` by the estimate; the variable `{name}_u` holds the vector of the iteration."""
        matrix = jnp.reshape(kernel, (-1, kernel.shape[-1]))
        matrix = matrix.astype(jnp.promote_types(kernel.dtype, jnp.float32))
        u = self.variable(
            "batch_stats",
            f"{name}_u",
            lambda: jax.random.normal(self.make_rng("params"), matrix.shape[1:], jnp.float32),
        )
        v = self._unit(matrix @ u.value)
        image = v @ matrix
        if train and not self.is_initializing():
            u.value = self._unit(image)
        return kernel / jnp.sqrt(jnp.sum(jnp.square(image)) + self.eps).astype(kernel.dtype)

    def _unit(self, vector: Array) -> Array:
        """Scales `vector` to length one."""
        return vector * jax.lax.rsqrt(jnp.sum(jnp.square(vector)) + self.eps)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose gain and bias are those of the example's class: `gain[y] * (x - mean) / std + bias[y]`.

    Mean and variance, and their running averages, are of all classes together. Gains start at 1 and biases at 0, so
    that all classes begin alike, and as batch normalisation does.

    Use when: a generator is told the class that it is to make.

    Cost: nothing to speak of.

    Dumoulin, Shlens, Kudlur, "A Learned Representation for Artistic Style", 2017, where the mean is of one image;
    over the batch: de Vries, Strub, Mary, Larochelle, Pietquin, Courville, "Modulating Early Visual Processing by
    Language", 2017.

    Attributes:
      classes: at least 2.
      momentum: of the running averages.
      epsilon: added to the variance.
    """

    classes: int
    momentum: float = 0.9
    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: Array, label: Array | None, *, train: bool) -> Array:
        """Normalises `x` `[n, ..., channels]`; labels are int `[n]` in [0, classes), or soft, float `[n, classes]`.

        Raises:
          ValueError: labels of another form or range.
        """
        norm = nn.BatchNorm(
            use_running_average=not train,
            momentum=self.momentum,
            epsilon=self.epsilon,
            use_scale=False,
            use_bias=False,
            name="statistics",
        )
        shape = (self.classes, x.shape[-1])
        gain = self.param("gain", nn.initializers.ones, shape)
        bias = self.param("bias", nn.initializers.zeros, shape)
        weights = class_weights("ConditionalBatchNorm", label, self.classes, x.shape[0], x.dtype)
        if weights.shape[1] != 1:
            raise ValueError(f"ConditionalBatchNorm takes one label for each example, got {weights.shape[1]}")
        # Products in place of a gather, whose derivative scatters: slow on a CPU, and without soft labels.
        gain, bias = (
            jnp.reshape(weights[:, 0] @ table.astype(x.dtype), (x.shape[0], *(1,) * (x.ndim - 2), -1))
            for table in (gain, bias)
        )
        return norm(x) * gain + bias


def batch_norm(x: Array, label: Array | None, *, classes: int, train: bool, reference: int = 0) -> Array:
    """Applies batch normalisation made inside the calling module, with a gain and bias per class if there are any.

    Where there is a `reference`, its rows come first, and it is virtual batch normalisation.
    """
    if reference:
        return VirtualBatchNorm(reference)(x)
    if classes:
        return ConditionalBatchNorm(classes)(x, label, train=train)
    return nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)


def apply_layer(layer: nn.Module, x: Array, *, spectral_norm: bool, train: bool) -> Array:
    """Applies a linen layer made inside the calling module, under `SpectralNorm` if wanted."""
    return SpectralNorm(layer)(x, train=train) if spectral_norm else layer(x)
