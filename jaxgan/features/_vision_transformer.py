"""A vision transformer as functions of its weights, which DINOv2 and CLIP share."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.features._images import float_images
from jaxgan.features._weights import read_weights
from jaxgan.types import Array, PyTree

HIGHEST = jax.lax.Precision.HIGHEST
AT_A_TIME = 20  # images, whose attention has to fit into memory


class Transformer(NamedTuple):
    """What tells one vision transformer from another.

    Attributes:
      heads: of attention.
      epsilon: added to variances in layer normalisation.
      activation: of the hidden layers.
    """

    heads: int
    epsilon: float
    activation: Callable[[Array], Array]


def encode(network: Transformer, weights: PyTree, images: Array) -> Array:
    """Computes the class token after all blocks.

    Pre-norm blocks `x += scale_1 attention(norm_1(x))`, `x += scale_2 mlp(norm_2(x))` over a class token, registers
    where there are any, and the patches in rows. Dosovitskiy, Beyer, Kolesnikov et al., "An Image is Worth 16x16 Words:
    Transformers for Image Recognition at Scale", 2021; the scales are those of Touvron, Cord, Sablayrolles, Synnaeve,
    Jégou, "Going deeper with Image Transformers", 2021.

    Args:
      network: heads, epsilon, activation.
      weights: `patch` and its `bias`, `class`, `position` of the size of these images, perhaps `registers` and a
        `first` normalisation, `blocks` with all layers along the first axis, and the `last` normalisation.
      images: `[n, height, width, 3]`, normalised, of sides that are multiples of the patch.

    Returns:
      `[n, width of the network]` float32, normalised.
    """
    height, width, channels, out = weights["patch"].shape
    rows, columns = images.shape[1] // height, images.shape[2] // width
    patches = images.reshape(-1, rows, height, columns, width, channels).swapaxes(2, 3)
    patches = patches.reshape(-1, rows * columns, height * width * channels)
    x = _linear(patches, {"kernel": weights["patch"].reshape(-1, out), "bias": weights["bias"]})
    x = (
        jnp.concatenate([jnp.broadcast_to(weights["class"][None], (len(x), 1, out)), x], axis=1)
        + weights["position"][None]
    )
    if "registers" in weights:
        registers = jnp.broadcast_to(weights["registers"][None], (len(x), *weights["registers"].shape))
        x = jnp.concatenate([x[:, :1], registers, x[:, 1:]], axis=1)
    if "first" in weights:
        x = _normalised(x, weights["first"], network.epsilon)

    def block(x: Array, layer: PyTree) -> tuple[Array, None]:
        mixed = _attention(network, layer, _normalised(x, layer["norm_1"], network.epsilon))
        x = x + (_along(layer["scale_1"], x) * mixed if "scale_1" in layer else mixed)
        hidden = network.activation(_linear(_normalised(x, layer["norm_2"], network.epsilon), layer["hidden"]))
        hidden = _linear(hidden, layer["out"])
        return x + (_along(layer["scale_2"], x) * hidden if "scale_2" in layer else hidden), None

    x, _ = jax.lax.scan(block, x, weights["blocks"])
    return _normalised(x[:, 0], weights["last"], network.epsilon)


def normalised_pixels(images: Array, mean: tuple[float, ...], std: tuple[float, ...], side: int) -> Array:
    """Brings images `[n, height, width, 1 or 3]` in [-1, 1] to `[n, side, side, 3]`, resized and normalised.

    The filter is cubic and antialiased, with the parameter -1/2, as Pillow's is.
    """
    pixels = (float_images(images, channels=(1, 3)) + 1) / 2
    shape = (len(pixels), side, side, pixels.shape[-1])
    pixels = jnp.clip(jax.image.resize(pixels, shape, "cubic", antialias=True, precision=HIGHEST), 0, 1)
    pixels = jnp.broadcast_to(pixels, (*shape[:3], 3))
    return (pixels - _along(jnp.asarray(mean, jnp.float32), pixels)) / _along(jnp.asarray(std, jnp.float32), pixels)


def few_at_a_time(function: Callable[[Array], Array], images: Array) -> Array:
    """A function of images, of `AT_A_TIME` of them at once."""
    return jax.lax.map(lambda image: function(image[None])[0], images, batch_size=AT_A_TIME)


class Stored(NamedTuple):
    """Arrays of a file, of which names and shapes are checked as they are taken."""

    arrays: dict[str, np.ndarray]
    path: Path
    network: str

    @classmethod
    def read(cls, path: str | os.PathLike[str], network: str, prefix: str, advice: str) -> "Stored":
        """The arrays of a file, by names without a prefix that some have.

        Raises:
          ValueError: if it is missing, with advice, or cannot be read.
        """
        file = Path(path)
        if not file.is_file():
            raise ValueError(f"no weights of {network} at {file}: {advice}")
        return cls({name.removeprefix(prefix): array for name, array in read_weights(file).items()}, file, network)

    def check_width(self, width: int, head: int) -> None:
        """Refuses a network whose width is no multiple of that of a head.

        Raises:
          ValueError: if it is none.
        """
        if not width or width % head:
            raise ValueError(f"{self.path} is not {self.network}: it is {width} wide, not a multiple of {head}")

    def take(self, name: str, *shape: int | None) -> np.ndarray:
        """One array in float32; None stands for any length.

        Raises:
          ValueError: if it is missing or of another shape.
        """
        if name not in self.arrays:
            raise ValueError(f"{self.path} is not {self.network}: it has no {name}")
        array = self.arrays[name]
        fits = len(array.shape) == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
        if not fits or array.dtype.kind != "f":
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            found = f"{name} is {array.dtype} {list(array.shape)}"
            raise ValueError(f"{self.path} is not {self.network}: {found}, not float32 [{wanted}]")
        return np.asarray(array, np.float32)

    def linear(self, names: tuple[str, ...], inputs: int, outputs: int) -> PyTree:
        """The layers of these names, of which PyTorch has the outputs first, beside each other in one."""
        kernels = [self.take(f"{name}.weight", outputs, inputs).T for name in names]
        return {
            "kernel": np.concatenate(kernels, axis=1),
            "bias": np.concatenate([self.take(f"{name}.bias", outputs) for name in names]),
        }

    def norm(self, name: str, width: int) -> PyTree:
        return {"scale": self.take(f"{name}.weight", width), "bias": self.take(f"{name}.bias", width)}

    def patch(self, name: str, width: int) -> np.ndarray:
        """The kernel of the patches, `[side, side, 3, width of the network]`.

        Raises:
          ValueError: if they are no squares.
        """
        kernel = self.take(f"{name}.weight", width, 3, None, None).transpose(2, 3, 1, 0)
        if not kernel.shape[0] or kernel.shape[0] != kernel.shape[1]:
            raise ValueError(f"{self.path} is not {self.network}: {name} has patches of {kernel.shape[:2]} pixels")
        return kernel

    def positions(self, name: str, *leading: int, width: int) -> np.ndarray:
        """Positions of the class and of a square grid, `[1 + side * side, width]`.

        Raises:
          ValueError: if the grid is no square.
        """
        array = self.take(name, *leading, None, width).reshape(-1, width)
        if len(array) < 2 or math.isqrt(len(array) - 1) ** 2 != len(array) - 1:
            raise ValueError(
                f"{self.path} is not {self.network}: {name} has {len(array)} positions, not 1 and a square"
            )
        return array

    def layers(self, prefix: str) -> int:
        """How many blocks there are, of names that begin so.

        Raises:
          ValueError: if there are none.
        """
        found = {name.removeprefix(prefix).split(".")[0] for name in self.arrays if name.startswith(prefix)}
        count = sum(number.isdecimal() for number in found)
        if not count:
            raise ValueError(f"{self.path} is not {self.network}: it has no {prefix}0")
        return count


def stacked(layers: list[PyTree]) -> PyTree:
    """All layers along a new first axis."""
    return jax.tree.map(lambda *same: np.stack(same), *layers)


def _along(vector: Array, x: Array) -> Array:
    """A vector along the last axis of x."""
    return jnp.expand_dims(vector, range(x.ndim - 1))


def _linear(x: Array, layer: PyTree) -> Array:
    return jnp.matmul(x, layer["kernel"], precision=HIGHEST) + _along(layer["bias"], x)


def _normalised(x: Array, norm: PyTree, epsilon: float) -> Array:
    x = x - jnp.mean(x, axis=-1, keepdims=True)
    x = x * jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + epsilon)
    return x * _along(norm["scale"], x) + _along(norm["bias"], x)


def _attention(network: Transformer, layer: PyTree, x: Array) -> Array:
    n, tokens, width = x.shape
    split: Any = (n, tokens, 3, network.heads, width // network.heads)
    query, key, value = jnp.moveaxis(_linear(x, layer["attention"]).reshape(split), 2, 0)
    scores = jnp.einsum("nqhd,nkhd->nhqk", query, key, precision=HIGHEST) * (width // network.heads) ** -0.5
    mixed = jnp.einsum("nhqk,nkhd->nqhd", jax.nn.softmax(scores), value, precision=HIGHEST)
    return _linear(mixed.reshape(n, tokens, width), layer["project"])
