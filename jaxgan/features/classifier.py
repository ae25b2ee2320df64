"""A small image classifier, to tell which class a generated image belongs to, and how to train it."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.networks import from_linen
from jaxgan.types import Array, Key, Network, Params, PyTree

# Below this side an image has no pixels to spare, and the first convolution keeps its resolution.
SMALL_SIDE = 16

Step = Callable[[Params, PyTree, Key, Array, Array], tuple[Params, PyTree, Array]]


class Classifier(nn.Module):
    """Strided convolutions, one hidden layer with dropout, and a linear layer to the logits.

    Attributes:
      classes: number of logits.
      widths: channels of the convolutions.
      hidden: width of the hidden layer, whose activations are the features.
      dropout: share of the hidden units that training drops.
    """

    classes: int
    widths: Sequence[int]
    hidden: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False, features: bool = False) -> Array:
        x = x.astype(jnp.float32)
        small = min(x.shape[1:3]) < SMALL_SIDE
        for index, width in enumerate(self.widths):
            kernel, stride = (3, 2) if index else (3, 1) if small else (5, 2)
            x = nn.relu(nn.Conv(width, (kernel, kernel), (stride, stride))(x))
        x = nn.relu(nn.Dense(self.hidden)(x.reshape(x.shape[0], -1)))
        if features:
            return x
        return nn.Dense(self.classes)(nn.Dropout(self.dropout, deterministic=not train)(x))


def classifier(classes: int, *, widths: Sequence[int] = (32, 64), hidden: int = 256, dropout: float = 0.5) -> Network:
    """Makes a convolutional classifier of images `[n, height, width, channels]` in [-1, 1].

    Each convolution halves the resolution, except the first one on images with a side below 16 pixels. It computes in
    float32 whatever it is given. The parameters fit the image size that `init` saw.

    Args:
      classes: number of classes, at least 2.
      widths: channels of the convolutions, at least one.
      hidden: width of the features.
      dropout: share of the features that training drops, in [0, 1); training then needs a key.

    Returns:
      A `Network` that gives logits `[n, classes]`, with `features` `[n, hidden]`.

    Raises:
      ValueError: if an argument is out of its range.
    """
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes}")
    if not widths or min(*widths, hidden) < 1:
        raise ValueError(f"widths and hidden must be at least 1, got {tuple(widths)} and {hidden}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), got {dropout}")
    return from_linen(Classifier(classes, tuple(widths), hidden, dropout))


def training_step(network: Network, optimizer: optax.GradientTransformation, *, shift: int = 0) -> Step:
    """Makes the step that trains a classifier on the cross-entropy.

    Args:
      network: gives logits `[n, classes]`, and has no stats.
      optimizer: e.g. `optax.adam(optax.cosine_decay_schedule(1e-3, steps))`.
      shift: the whole batch is moved by a random offset of up to this many pixels in each direction.

    Returns:
      `step(params, opt_state, key, images, labels) -> (params, opt_state, loss)`, for images
      `[n, height, width, channels]` in [-1, 1] and integer labels `[n]`. The loss, a scalar, is from before the update.

    Raises:
      ValueError: if `shift` is negative.
    """
    if shift < 0:
        raise ValueError(f"shift must not be negative, got {shift} pixels")

    def step(params: Params, opt_state: PyTree, key: Key, images: Array, labels: Array) -> tuple[Params, PyTree, Array]:
        shift_key, dropout_key = jax.random.split(key)
        moved = shifted(shift_key, images, shift)

        def loss(params: Params) -> Array:
            logits, _ = network.apply(params, {}, moved, train=True, key=dropout_key)
            return optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        value, gradient = jax.value_and_grad(loss)(params)
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, value

    return step


def shifted(key: Key, images: Array, shift: int) -> Array:
    """Moves a batch by one random offset of up to `shift` pixels in each direction; what comes in is black.

    Args:
      key: for the offset.
      images: `[n, height, width, channels]` in [-1, 1].
      shift: largest offset in pixels, at least 0.

    Returns:
      Images of the same shape.
    """
    padded = jnp.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), constant_values=-1)
    row, column = jax.random.randint(key, (2,), 0, 2 * shift + 1)
    # One offset for the batch: an offset for each image is a gather, which takes longer than the convolutions on CPU.
    return jax.lax.dynamic_slice(padded, (0, row, column, 0), images.shape)


def predict(network: Network, params: Params, images: Array) -> Array:
    """Tells the most likely class of each image.

    Args:
      network: gives logits `[n, classes]`, and has no stats.
      params: its parameters.
      images: `[n, height, width, channels]` in [-1, 1].

    Returns:
      `[n]` int32 in `[0, classes)`; -1 for an image with a value that is not finite.
    """
    finite = jnp.isfinite(images).all(axis=(1, 2, 3))
    logits, _ = network.apply(params, {}, images, train=False)
    return jnp.where(finite, logits.argmax(axis=1).astype(jnp.int32), -1)


def embed(network: Network, params: Params, images: Array) -> Array:
    """Gives the activations below the last layer, in which generator metrics compare images.

    `functools.partial(embed, network, params)` is a feature extractor.

    Args:
      network: shows its features, and has no stats.
      params: its parameters.
      images: `[n, height, width, channels]` in [-1, 1].

    Returns:
      `[n, d]`; of a `classifier` float32, `d = hidden`, not negative.

    Raises:
      ValueError: if the network shows no features.
    """
    if network.features is None:
        raise ValueError("embed needs a network with features, got one whose features are None")
    return network.features(params, {}, images, train=False)
